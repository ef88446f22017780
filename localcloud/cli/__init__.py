"""The command line: what is outside of the server process."""
