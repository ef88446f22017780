"""`terraform init` by the registry: provider and modules through the caller's proxy, with the caller's certificates."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirror.settings import SOURCE, Settings
from mirror.terraform import PROVIDER, PROVIDER_VERSION, TerraformBuilder
from mirror.tests import terraform_registry
from mirror.tests.makers import terraform
from mirror.tests.release_server import Releases, Way, serving
from mirror.upstream import HttpUpstream
from setup import clean


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Releases, Way]]:
    folder = tmp_path_factory.mktemp("r")  # gpg's socket is in it: a short name
    for program in ("gpg", "git", "terraform"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    modules = terraform_registry.modules(folder)
    provider = terraform_registry.provider(terraform_registry.Signer(home=folder / "gpg"))
    releases = Releases(files={**terraform(), **provider, **modules.files}, answer=modules.answer)
    with serving(releases, folder) as way:
        yield releases, way


def test_init_takes_provider_and_modules_from_the_registry(
    registry: tuple[Releases, Way], tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    releases, way = registry
    monkeypatch.delenv("GIT_SSL_CAINFO", raising=False)  # this machine's
    for name, value in clean.environment({**os.environ, **way.variables}).items():
        monkeypatch.setenv(name, value)
    where = Settings(cache=tmp_path / "cache", state=tmp_path / "state")
    builder = TerraformBuilder(settings=where, upstream=HttpUpstream(say=said.append), say=said.append)
    assert builder.prepare().endswith("; provider and modules from the registry")
    assert builder.modules_origin() == "upstream"
    root = tmp_path / "root"
    root.mkdir()
    for file in (SOURCE / "terraform").glob("*.tf"):
        shutil.copy(file, root)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(builder.configuration))
    done = subprocess.run(
        ["terraform", f"-chdir={root}", "init", "-backend=false", "-input=false", "-no-color"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = json.loads((root / ".terraform/modules/modules.json").read_text())["Modules"]
    sources = {module["Key"]: module["Source"].partition("/")[0] for module in listed if module["Key"]}
    assert sources == dict.fromkeys(("eks", "vpc"), terraform_registry.HOST)
    place = builder.folder / "plugins" / PROVIDER / PROVIDER_VERSION / "linux_amd64"
    assert sorted(file.name for file in place.iterdir()) == ["LICENSE.txt", "terraform-provider-aws_v5.100.0_x5"]
    assert any(question.startswith("GET https://github.com/terraform-aws-modules/") for question in releases.asked)
