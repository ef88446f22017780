"""moto's own tests of services that this project needs, in server mode against the local cloud."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.suites.conftest import ROOT, keep, made, table, version

SERVICES = ("autoscaling", "ec2", "ecr", "eks", "elbv2", "iam", "kms", "ssm", "sts")
ALLOWED = Path(__file__).with_name("moto.toml")
OUTCOMES = ("passed", "skipped", "refused", "wrong")


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """What the local cloud refuses or answers otherwise on purpose: by what a failure says, and by a test's name."""

    by_text: dict[str, re.Pattern[str]] = field(default_factory=dict)  # reason -> what the failure says
    by_test: dict[str, re.Pattern[str]] = field(default_factory=dict)  # reason -> names

    def reason(self, test: str, failure: str) -> str:
        """Return the reason for which this test may fail; empty: there is none."""
        named = (reason for reason, pattern in self.by_test.items() if pattern.fullmatch(test))
        said = (reason for reason, pattern in self.by_text.items() if pattern.search(failure))
        return next(named, "") or next(said, "")


@dataclass
class Results:
    """How the tests ended."""

    refusals: Refusals
    counts: dict[str, Counter[str]] = field(default_factory=dict)  # service -> outcome -> tests
    reasons: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def read(self, service: str, junit: Path) -> None:
        """Add the results of a run."""
        counted = self.counts.setdefault(service, Counter())
        for case in ET.parse(junit).getroot().iter("testcase"):
            name = f"{case.attrib['classname'].removeprefix('tests.')}.{case.attrib['name']}"
            bad = [*case.iterfind("failure"), *case.iterfind("error")]
            if not bad:
                counted["skipped" if case.find("skipped") is not None else "passed"] += 1
                continue
            reason = self.refusals.reason(name, "\n".join(f"{one.attrib.get('message')}\n{one.text}" for one in bad))
            counted["refused" if reason else "wrong"] += 1
            if reason:
                self.reasons[reason] += 1
            else:
                self.wrong.append(f"{name}: {bad[0].attrib.get('message', '')[:300]}")


def read_refusals(file: Path) -> Refusals:
    """Read the allow-list."""
    found = tomllib.loads(file.read_text())
    return Refusals(
        by_text={one["reason"]: re.compile("|".join(one["says"])) for one in found["refusal"] if "says" in one},
        by_test={one["reason"]: re.compile("|".join(one["tests"])) for one in found["refusal"] if "tests" in one},
    )


def write(results: Results) -> None:
    """Keep the results."""
    rows = [(name, *(str(counted[outcome]) for outcome in OUTCOMES)) for name, counted in results.counts.items()]
    sums = ("all", *(str(sum(counted[outcome] for counted in results.counts.values())) for outcome in OUTCOMES))
    keep(
        "moto",
        "The AWS API: moto's own tests",
        f"moto {version('moto-source')}, its source release's tests in server mode: signed requests over HTTP to a local cloud",
        "with everything but Docker. Refused: fails for a reason of `tests/suites/moto.toml`. Wrong: for none.",
        *table(("service", *OUTCOMES), *rows, sums),
        *table(("tests", "why refused"), *((str(count), reason) for reason, count in results.reasons.most_common())),
    )


@pytest.mark.suites
def test_moto_finds_what_it_expects(tmp_path: Path) -> None:
    with tarfile.open(made("moto-source")) as archive:
        archive.extractall(tmp_path, filter="data")
    source = next(tmp_path.glob("moto-*"))
    (source / "moto").rename(source / "not-this-moto")
    results = Results(refusals=read_refusals(ALLOWED))
    command = [sys.executable, "-m", "pytest", "-p", "localcloud.tests.moto_server", "-q", "-n", "2", "--tb=short"]
    for service in SERVICES:
        junit = tmp_path / f"{service}.xml"
        with (tmp_path / f"{service}.log").open("wb") as log:
            subprocess.run(
                [*command, f"--junitxml={junit}", f"tests/test_{service}"],
                cwd=source,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
                check=False,
                timeout=3600,
            )
        results.read(service, junit)
    write(results)
    assert results.wrong == []


def test_a_failure_counts_as_refused_for_a_reason_only(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    junit.write_text(
        '<testsuites><testsuite><testcase classname="tests.test_x" name="test_a"><failure message="Refused: 7"/></testcase>'
        '<testcase classname="tests.test_x" name="test_b"><error message="no"/></testcase>'
        '<testcase classname="tests.test_x" name="test_c"><failure message="else"/></testcase>'
        '<testcase classname="tests.test_x" name="test_d"><skipped/></testcase>'
        '<testcase classname="tests.test_x" name="test_e"/></testsuite></testsuites>'
    )
    file = tmp_path / "allowed.toml"
    file.write_text(
        '[[refusal]]\nreason = "one"\nsays = ["Refused: \\\\d"]\n[[refusal]]\nreason = "two"\ntests = ["test_x.test_b"]\n'
    )
    results = Results(refusals=read_refusals(file))
    results.read("x", junit)
    assert results.counts["x"] == {"passed": 1, "skipped": 1, "refused": 2, "wrong": 1}
    assert results.reasons == {"one": 1, "two": 1}
    assert results.wrong == ["test_x.test_c: else"]
