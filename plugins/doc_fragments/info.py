"""Documentation that several modules share."""


class ModuleDocFragment:
    """What reads AWS and changes nothing."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: It only reads.
"""
