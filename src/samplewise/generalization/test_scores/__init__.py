"""What a score on test rows allows to claim."""
