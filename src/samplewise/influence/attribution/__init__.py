"""Which training rows made a trained model say this: one method a module."""
