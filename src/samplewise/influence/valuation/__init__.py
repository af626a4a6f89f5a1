"""The value of a row, or of a group of rows, for the others."""
