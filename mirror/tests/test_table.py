"""The table itself, and reading it."""

import dataclasses
import re
from pathlib import Path

import pytest

from mirror import settings
from mirror.errors import MirrorError
from mirror.settings import SOURCE, WRAPPERS
from mirror.table import Artefact, program_owner, read_table

TABLE = read_table(SOURCE / settings.TABLE)


@pytest.mark.parametrize("artefact", TABLE.values(), ids=TABLE)
def test_every_artefact_can_be_made_without_upstream(artefact: Artefact) -> None:
    assert artefact.go or artefact.double or artefact.python
    if artefact.go:
        wrapper = SOURCE / WRAPPERS / artefact.go.wrapper
        assert (wrapper / "go.mod").is_file()
        assert (wrapper / "go.sum").is_file()
        assert set(artefact.go.packages) == set(artefact.programs)


@pytest.mark.parametrize("artefact", TABLE.values(), ids=TABLE)
def test_addresses_are_https_and_whole(artefact: Artefact) -> None:
    if artefact.upstream:
        for address in (artefact.upstream.url, artefact.upstream.checksum):
            assert re.match(r"https://[a-z0-9.]+/", address)
            assert "{version}" not in address
            assert artefact.version in address


@pytest.mark.parametrize("artefact", TABLE.values(), ids=TABLE)
def test_wrapper_pins_the_version_of_the_table(artefact: Artefact) -> None:
    if artefact.go:
        text = (SOURCE / WRAPPERS / artefact.go.wrapper / "go.mod").read_text()
        prometheus = artefact.go.module == "github.com/prometheus/prometheus"
        version = f"0.3{artefact.version.removeprefix('3.')}" if prometheus else artefact.version
        assert re.search(rf" v{re.escape(version)}( //.*)?$", text, re.MULTILINE)


def test_archives_have_upstreams_names() -> None:
    assert TABLE["prometheus"].path == "prometheus-3.13.5.linux-amd64.tar.gz"
    assert TABLE["prometheus"].root == "prometheus-3.13.5.linux-amd64"
    assert TABLE["kubernetes"].outputs[0] == "kubernetes/v1.36.3/bin/linux/amd64/kube-apiserver"


def test_a_previous_version_is_an_artefact_of_its_own_that_is_made_when_it_is_named() -> None:
    now, before = TABLE["prometheus"], TABLE["prometheus-previous"]
    assert (now.on_demand, before.on_demand) == (False, True)
    assert before.path == f"prometheus-{before.version}.linux-amd64.tar.gz" != now.path
    assert before.go
    assert now.go
    assert (before.go.wrapper, before.go.packages) == ("prometheus-previous", now.go.packages)
    assert program_owner(TABLE, "promtool") is now


def test_a_version_is_made_the_same_way_whether_it_is_asked_for_or_not() -> None:
    artefact = TABLE["node_exporter"]
    assert dataclasses.replace(artefact, on_demand=True).digest(SOURCE) == artefact.digest(SOURCE)


def test_motos_tests_are_those_of_the_moto_that_is_installed() -> None:
    source = TABLE["moto-source"]
    assert source.python
    pinned = (SOURCE / "requirements.txt").read_text().partition(f"\nmoto=={source.version} ")[2].partition("# via")[0]
    assert source.python.sha256 in pinned


def test_unknown_program_lists_the_known_ones() -> None:
    with pytest.raises(MirrorError, match=r"no artefact has the program 'cubelet'; there are .*kubelet"):
        program_owner(TABLE, "cubelet")


def test_unknown_key_of_the_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "artefacts.toml"
    file.write_text('[x]\nversion = "1"\npath = "x"\nprograms = []\ncolour = "red"\n')
    with pytest.raises(MirrorError, match="colour"):
        read_table(file)
