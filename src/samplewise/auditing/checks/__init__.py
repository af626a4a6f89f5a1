"""One file per check: what it measures, why it matters, when it is wrong, and the remedy it proposes."""
