"""Each job template, launched as AWX would against the local cloud, and read back. Needs the stack that `make up` made."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.awx.conftest import credentials
from tests.awx.launch import PROGRAMS, Launcher, RefusedError

pytestmark = pytest.mark.awx
LOCAL = {"beacon_environment": "local"}  # all other answers are the survey's own
# The stack stands already: a run changes nothing of it. What would replace or end something is launched as a check.
VERBS = {
    "preflight": "run",
    "provision": "run",
    "drift": "check",
    "build": "run",
    "scan": "run",
    "cluster": "run",
    "deploy": "run",
    "monitor": "run",
    "verify": "run",
    "backup": "check",
    "restore": "check",
    "rotate": "check",
    "suspend": "check",
    "resume": "check",
    "upgrade": "check",
    "replace": "check",
    "site": "run",
    "destroy": "check",
}


def test_every_job_template_is_launched(launcher: Launcher) -> None:
    assert {f"Beacon {verb}" for verb in VERBS} == {entry["name"] for entry in launcher.data["job_templates"]}


@pytest.mark.parametrize("verb", VERBS)
def test_a_job_template_runs(launcher: Launcher, verb: str) -> None:
    answers = LOCAL | ({"confirm": "local"} if verb in ("destroy", "restore") else {})
    job = launcher.launch(
        f"Beacon {verb}", inventory="Beacon local", credentials=credentials(verb), answers=answers, job_type=VERBS[verb]
    )
    assert job.status == "successful", job.output
    assert (job.count("failures"), job.count("dark")) == (0, 0)
    assert job.stats["ok"]["localhost"] > 0
    if verb not in ("destroy", "replace", "rotate", "suspend"):  # what these would change is their purpose
        assert job.changed == [], job.output


def test_a_version_of_the_registry_is_taken_instead_of_the_source(launcher: Launcher, cloud: dict[str, str]) -> None:
    aws = [str(PROGRAMS / "aws"), "ecr", "describe-images", "--repository-name", "beacon-local/webapp"]
    listed = subprocess.run(
        aws, env={**os.environ, **cloud}, check=True, capture_output=True, text=True, timeout=60
    ).stdout
    tags = {tag for image in json.loads(listed)["imageDetails"] for tag in image.get("imageTags", [])}
    tag = min(tag for tag in tags if f"{tag}.sig" in tags)
    answers = LOCAL | {"beacon_webapp_tag": tag}
    job = launcher.launch(
        "Beacon deploy", inventory="Beacon local", credentials=credentials("deploy"), answers=answers, job_type="check"
    )
    assert job.status == "successful", job.output
    assert "webapp | Publish it" in job.output
    assert "Would build" not in job.output


def test_an_unknown_version_is_refused_before_anything_is_changed(launcher: Launcher) -> None:
    answers = LOCAL | {"beacon_webapp_tag": "9.9.9-none"}
    job = launcher.launch("Beacon deploy", inventory="Beacon local", credentials=credentials("deploy"), answers=answers)
    text = " ".join(job.output.split())
    assert job.status == "failed"
    assert "/beacon-local/webapp:9.9.9-none. Set beacon_webapp_tag to one that it has" in text
    assert job.changed == []


@pytest.mark.parametrize(
    ("verb", "answers", "message"),
    [
        ("verify", {"beacon_region": "eu-moon-1"}, "Value eu-moon-1 for 'beacon_region' expected to be one of"),
        ("verify", {"beacon_environment": "a" * 16}, "is too large (must be no more than 15)"),
        ("verify", {"beacon_environment": "a"}, "is too small (length is 1 must be at least 2)"),
        ("verify", {"other": "x"}, "'other' is no question of the survey"),
        ("destroy", {}, "'confirm' value missing"),
    ],
)
def test_an_answer_out_of_range_starts_nothing(
    launcher: Launcher, verb: str, answers: dict[str, str], message: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        launcher.launch(f"Beacon {verb}", inventory="Beacon local", credentials=credentials(verb), answers=answers)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("verb", "answers", "left_out", "message"),
    [
        ("provision", LOCAL, "Local administrator", "There are no AWS credentials"),
        (
            "deploy",
            {"beacon_environment": "other"},
            "",
            "The inventory has hosts of environment local, but 'other' is meant",
        ),
        ("provision", {"beacon_environment": "Prod_1"}, "", "but 'Prod_1' is meant"),
        ("destroy", LOCAL | {"confirm": "other"}, "", "confirm is 'other'; to go on, say its name"),
    ],
)
def test_what_is_wrong_ends_a_job_before_anything_is_changed(
    launcher: Launcher, verb: str, answers: dict[str, str], left_out: str, message: str
) -> None:
    kept = [name for name in credentials(verb) if name != left_out]
    job = launcher.launch(f"Beacon {verb}", inventory="Beacon local", credentials=kept, answers=answers)
    assert job.status == "failed"
    assert message in " ".join(job.output.split())
    assert job.changed == []


def test_an_inventory_of_others_is_refused(launcher: Launcher) -> None:
    launcher.data["inventories"].append({"name": "Demo", "variables": {"ansible_connection": "local"}})
    job = launcher.launch("Beacon verify", inventory="Demo", credentials=credentials("verify"), answers=LOCAL)
    assert job.status == "failed"
    assert "The inventory is none of this project's" in " ".join(job.output.split())


def test_a_reader_can_not_deploy(launcher: Launcher) -> None:
    job = launcher.launch("Beacon monitor", inventory="Beacon local", credentials=credentials("verify"), answers=LOCAL)
    assert job.status == "failed"
    assert job.changed == []
