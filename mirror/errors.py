"""The one error that the command line prints without a traceback."""


class MirrorError(Exception):
    """Says what failed, with which value, and the next step."""
