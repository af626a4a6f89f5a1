"""What a row, or a group of rows, is worth to the others."""
