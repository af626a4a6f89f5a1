"""Measurements inside a trained network: layers, curvature, directions, and how hard targets are for it."""
