"""Decide about rows with a person."""
