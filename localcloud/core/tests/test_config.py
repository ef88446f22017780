from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.core.config import from_environment
from localcloud.core.errors import LocalCloudError


def test_defaults_are_those_of_the_product() -> None:
    config = from_environment({"HOME": "/nowhere", "BEACON_STATE": "/state"})
    assert (config.name, config.port, str(config.gateway)) == ("localcloud", 5600, "198.51.100.1")
    assert str(config.state) == "/state/localcloud"
    assert config.registry == "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("variables", "state"),
    [
        ({"XDG_STATE_HOME": "/kept"}, "/kept/beacon/localcloud"),
        ({"BEACON_CACHE": "/lost"}, "~/.local/state/beacon/localcloud"),
    ],
)
def test_the_state_is_never_in_the_cache(variables: dict[str, str], state: str) -> None:
    assert from_environment(variables).state == Path(state).expanduser()


def test_a_second_one_has_a_registry_name_of_its_own() -> None:
    registry = from_environment({"LOCALCLOUD_NAME": "second"}).registry
    account, _, rest = registry.partition(".")
    assert (len(account), account.isdigit(), rest) == (12, True, "dkr.ecr.eu-west-1.amazonaws.com")
    assert account != "123456789012"


def test_public_addresses_start_above_docker_s_own() -> None:
    addresses = from_environment({}).public_addresses()
    assert (addresses[0], addresses[-1]) == ("198.51.100.64", "198.51.100.254")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"LOCALCLOUD_NAME": "Not_A_Name"},
            "LOCALCLOUD_NAME='Not_A_Name' is no name: lower-case letters, digits and hyphens",
        ),
        ({"LOCALCLOUD_NAME": ""}, "LOCALCLOUD_NAME='' is no name"),
        ({"LOCALCLOUD_PORT": "80"}, "LOCALCLOUD_PORT='80' is no port: a number from 1024 to 65535 is allowed"),
        ({"MIRROR_PORT": "²"}, "MIRROR_PORT='²' is no port: a number from 1024 to 65535 is allowed"),
        ({"LOCALCLOUD_PUBLIC_RANGE": "198.51.100.7/24"}, "LOCALCLOUD_PUBLIC_RANGE='198.51.100.7/24' is no range"),
        ({"LOCALCLOUD_PUBLIC_RANGE": "198.51.100.0/28"}, "is too small: /25 or larger is needed"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_allowed(environ: dict[str, str], message: str) -> None:
    with pytest.raises(LocalCloudError) as error:
        from_environment(environ)
    assert message in str(error.value)


def test_each_commercial_region_has_a_registry_s_name() -> None:
    config = from_environment({"LOCALCLOUD_REGION": "us-east-2"})
    assert config.registry == "123456789012.dkr.ecr.us-east-2.amazonaws.com"
    assert config.registries()["123456789012.dkr.ecr.eu-west-1.amazonaws.com"] == "eu-west-1"
    with pytest.raises(
        LocalCloudError, match="LOCALCLOUD_REGION='cn-north-1' is no commercial region of AWS: af-south-1, "
    ):
        from_environment({"LOCALCLOUD_REGION": "cn-north-1"})
