"""The command line: `main.py` is the group, and each command is one module, imported when it is called."""
