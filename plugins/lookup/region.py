"""The region that AWS clients would take."""

from __future__ import annotations

DOCUMENTATION = r"""
name: region
author: The Beacon authors (@beacon)
short_description: The region that AWS clients would take
version_added: 0.1.0
description:
  - In their own order, C(AWS_REGION), C(AWS_DEFAULT_REGION), then the profile's (C(AWS_PROFILE), else C(default)). So the
    playbooks mean the same region as the command line, Terraform and boto3.
options:
  default:
    description: The region where none of them is set.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ lookup('beacon.platform.region', default='eu-west-1') }}"
"""

RETURN = r"""
_raw:
  description: The region's name.
  type: list
  elements: str
"""

import os
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

try:
    import botocore.exceptions
    import botocore.session
except ImportError:  # ansible-doc and the importer run without it
    botocore = None

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def region(environ: Mapping[str, str]) -> str:
    """Return the region, or an empty text where nothing says one. Raises AnsibleLookupError for a profile that isn't there."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if environ.get(name):
            return environ[name]
    if botocore is None:
        return ""
    try:
        return str(botocore.session.get_session().get_config_variable("region") or "")
    except botocore.exceptions.ProfileNotFound as error:
        raise AnsibleLookupError(
            f"{error}. Set AWS_PROFILE to a profile of ~/.aws/config (`aws configure list-profiles`), or unset it."
        ) from error


class LookupModule(LookupBase):  # type: ignore[misc] # Ansible ships no types
    """The lookup itself."""

    def run(self, terms: Iterable[str], variables: dict[str, Any] | None = None, **options: Any) -> list[str]:
        """Return the one region."""
        del terms, variables
        return [region(os.environ) or str(options.get("default", ""))]
