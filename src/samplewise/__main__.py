"""`python -m samplewise`: the program, where its script is not on the path."""

from samplewise.cli import main

if __name__ == "__main__":
    main()
