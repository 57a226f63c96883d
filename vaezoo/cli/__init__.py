"""The command line: `vaezoo train | evaluate | export | sweep | collect | list`, one module per command."""
