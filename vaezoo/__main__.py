"""`python -m vaezoo`, the same as the command `vaezoo`."""

from vaezoo.cli.main import main

if __name__ == "__main__":
    main()
