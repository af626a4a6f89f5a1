"""What writes the pages that would rot by hand: drawn from docstrings, contracts, schema and help texts."""
