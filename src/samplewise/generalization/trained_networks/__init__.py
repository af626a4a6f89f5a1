"""What the inside of a network says: layers, curvature, directions, and how hard targets are for it."""
