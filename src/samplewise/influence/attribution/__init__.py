"""Which training rows a trained model's prediction depends on: one method per module."""
