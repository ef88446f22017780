"""`terraform init` by the registry: provider and modules through the caller's proxy, with the caller's certificates."""

import dataclasses
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirror.errors import MirrorError
from mirror.settings import MODULES, SOURCE, Settings
from mirror.terraform import PROVIDER, PROVIDER_VERSION, TerraformBuilder
from mirror.tests import terraform_registry
from mirror.tests.conftest import FakeUpstream
from mirror.tests.makers import terraform
from mirror.tests.release_server import Releases, Way, serving
from mirror.upstream import HttpUpstream, NoUpstream
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


LOCK = """provider "{provider}" {{
  version = "{version}"
  hashes = [
    "zh:{sha256}",
  ]
}}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The project's root module, with a lock file that has the small provider's archive."""
    root = tmp_path / "source" / "terraform"
    root.mkdir(parents=True)
    for file in (SOURCE / "terraform").glob("*.tf"):
        shutil.copy(file, root)
    archive = hashlib.sha256(terraform_registry.SMALL).hexdigest()
    (root / ".terraform.lock.hcl").write_text(LOCK.format(provider=PROVIDER, version=PROVIDER_VERSION, sha256=archive))
    return root.parent


def init(root: Path) -> subprocess.CompletedProcess[str]:
    """Initialise as the role does."""
    options = ["-backend=false", "-input=false", "-no-color", "-lockfile=readonly"]
    command = ["terraform", f"-chdir={root}", "init", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_providers_and_modules_are_fetched_once_and_plays_ask_nobody(
    registry: tuple[Releases, Way], source: Path, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    releases, way = registry
    monkeypatch.delenv("GIT_SSL_CAINFO", raising=False)  # this machine's
    for name, value in clean.environment({**os.environ, **way.variables}).items():
        monkeypatch.setenv(name, value)
    # a person's own configuration: other sources of providers, none of which there is
    monkeypatch.setenv("HOME", str(tmp_path))
    own = 'provider_installation {\n  filesystem_mirror {\n    path = "/nowhere"\n  }\n}\n'
    (tmp_path / ".terraformrc").write_text(own)
    where = Settings(cache=tmp_path / "cache", state=tmp_path / "state", source=source)
    shutil.copytree(SOURCE / MODULES, source / MODULES)
    builder = TerraformBuilder(settings=where, upstream=HttpUpstream(say=said.append), say=said.append)
    assert builder.prepare().endswith(f"; providers and modules from the registry, in {builder.folder}/official")
    assert builder.modules_origin() == "upstream"
    assert any(question.startswith("GET https://github.com/terraform-aws-modules/") for question in releases.asked)
    asked = len(releases.asked)
    builder.prepare()
    assert len(releases.asked) == asked
    # a play: no proxy, the mirror's files in its working copy
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(builder.configuration))
    root = tmp_path / "root"
    (root / ".terraform/modules").mkdir(parents=True)
    for file in (source / "terraform").glob("*.tf"):
        shutil.copy(file, root)
    shutil.copy(builder.lock_file, root / ".terraform.lock.hcl")
    shutil.copy(builder.seed, root / ".terraform/modules/modules.json")
    done = init(root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (root / ".terraform/providers" / PROVIDER / PROVIDER_VERSION).exists()
    assert len(releases.asked) == asked
    # a host that is away for a while exchanges nothing; --no-upstream does
    away = dataclasses.replace(builder, upstream=FakeUpstream({}, "no route"))
    assert "from the registry" in away.prepare()
    monkeypatch.setattr("mirror.terraform.mirror_folders", lambda: [builder.folder / "official" / "providers"])
    assert "stub modules" in dataclasses.replace(builder, upstream=NoUpstream()).prepare()
    assert builder.modules_origin() == "stub"
    assert "from the registry" in builder.prepare()
    assert builder.modules_origin() == "upstream"


def test_a_provider_that_is_not_what_was_locked_is_refused_with_the_next_step(
    registry: tuple[Releases, Way], source: Path, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, way = registry
    monkeypatch.delenv("GIT_SSL_CAINFO", raising=False)
    for name, value in clean.environment({**os.environ, **way.variables}).items():
        monkeypatch.setenv(name, value)
    lock = source / "terraform/.terraform.lock.hcl"
    lock.write_text(lock.read_text().replace("zh:", "zh:0"))
    where = Settings(cache=tmp_path / "cache", state=tmp_path / "state", source=source)
    builder = TerraformBuilder(settings=where, upstream=HttpUpstream(say=said.append), say=said.append)
    with pytest.raises(
        MirrorError, match=r"at try 1 of 2: .*doesn't match any of the checksums.*Nothing was kept: .*--no-upstream`"
    ):
        builder.prepare()
    assert said == []
    assert not (builder.folder / "official").exists()
    assert not builder.seed.exists()
