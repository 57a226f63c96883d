"""The command line: `vaezoo train | evaluate | export | list`, one module per command."""
