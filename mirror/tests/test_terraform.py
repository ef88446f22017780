"""Terraform's inputs."""

import json
import shutil
from pathlib import Path

import pytest

from mirror import terraform
from mirror.errors import MirrorError
from mirror.settings import MODULES, SOURCE, Settings
from mirror.tests.conftest import FakeUpstream

PLACE = "registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"


AWS = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n  hashes = [\n    "h1:x",\n  ]\n}\n'
LOCK = f"# by init\n\n{AWS}\n{AWS.replace('aws', 'tls')}"


@pytest.fixture
def builder(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> terraform.TerraformBuilder:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/terraform")
    monkeypatch.setattr(terraform, "version_of", lambda _: (1, 11, 4))
    monkeypatch.setattr(terraform, "mirror_folders", lambda: [settings.cache / "here"])
    (settings.cache / "here" / PLACE).mkdir(parents=True)
    shutil.copytree(SOURCE / MODULES / "vpc", settings.source / MODULES / "vpc")
    root = settings.source / "terraform"
    root.mkdir()
    (root / ".terraform.lock.hcl").write_text(LOCK)
    return terraform.TerraformBuilder(settings=settings, upstream=FakeUpstream({}, "no route"), say=print)


def test_unreachable_registry_takes_the_folder_and_the_stub_modules(builder: terraform.TerraformBuilder) -> None:
    assert "stub modules" in builder.prepare()
    assert f'path    = "{builder.settings.cache}/here"' in builder.configuration.read_text()
    seed = json.loads(builder.seed.read_text())
    assert [module["Dir"] for module in seed["Modules"]] == [".", str(builder.folder / "modules" / "vpc")]
    assert (builder.folder / "modules" / "vpc" / "main.tf").exists()
    assert builder.modules_origin() == "stub"


def test_lock_file_for_the_stub_modules_has_their_provider_only(builder: terraform.TerraformBuilder) -> None:
    builder.prepare()
    assert builder.lock_file.read_text() == AWS
    assert builder.aws_only_lock_file.read_text() == AWS


def test_a_provider_that_is_not_locked_is_named() -> None:
    with pytest.raises(MirrorError, match=r"locks registry.terraform.io/hashicorp/aws 0 times: it must do so once"):
        terraform.lock_of("", terraform.PROVIDER)


def test_provider_is_found_below_the_folder_of_add_ons(tmp_path: Path) -> None:
    place = tmp_path / "opt" / "vendor" / "plugins"
    (place / PLACE).mkdir(parents=True)
    folders = terraform.mirror_folders(home=tmp_path, addons=tmp_path / "opt")
    assert terraform.find_provider(folders) == place


def test_missing_provider_names_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match=rf"tried {tmp_path}/a\): put it into the first"):
        terraform.find_provider([tmp_path / "a"])


def test_old_terraform_is_named_with_the_version_that_is_needed(
    builder: terraform.TerraformBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform, "version_of", lambda _: (1, 5, 7))
    with pytest.raises(MirrorError, match=r"1.11 or newer is needed \(/usr/bin/terraform is 1.5.7; no route\)"):
        builder.prepare()
