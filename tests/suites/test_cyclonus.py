"""cyclonus, which asks a cluster for what Kubernetes documents of network policies, against a cluster with two nodes."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from localcloud.eks.tests.cluster import Local
from localcloud.tests.harness import up
from tests.suites.conftest import keep, made, table, version

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.suites

REGISTRY = (
    "mirror.beacon"  # that nobody asks: the images are put into the nodes under the names that cyclonus gives them
)
AGNHOST = f"{REGISTRY}/e2e-test-images/agnhost:2.43"
WORKER = "docker.io/mfenwick100/cyclonus-worker:latest"  # asks all that a pod is to ask
JUNIT = "/cyclonus.xml"  # not below /tmp, which Docker copies nothing from: it is in memory
SECONDS = 2 * 3600
# What does not pass, each with its reason: all else must.
ALLOWED: dict[str, str] = {}


def load_images(local: Local, folder: Path) -> None:
    """Put the pods' images into the nodes: one, under both names."""
    (folder / "Dockerfile").write_text('FROM scratch\nCOPY agnhost worker /\nENTRYPOINT ["/agnhost"]\n')
    shutil.copy(made("agnhost"), folder)
    shutil.copy(made("cyclonus").with_name("worker"), folder)
    label = f"--label={local.control.config.label}"
    names = f"--tag={AGNHOST}", f"--tag={WORKER}"
    subprocess.run(["docker", "build", "--quiet", label, *names, str(folder)], check=True, timeout=300)
    archive = folder / "images.tar"
    subprocess.run(["docker", "save", "--output", str(archive), AGNHOST, WORKER], check=True, timeout=300)
    subprocess.run(["docker", "image", "rm", AGNHOST, WORKER], check=True, timeout=60)
    for node in local.kubectl("get", "nodes")["items"]:
        machine = f"{local.control.config.name}-{node['spec']['providerID'].rpartition('/')[2]}"
        load = ["docker", "exec", "-i", machine, "ctr", "--namespace", "k8s.io", "images", "import", "-"]
        with archive.open("rb") as file:
            subprocess.run(load, stdin=file, check=True, timeout=300)


def test_network_policies_hold_as_documented(tmp_path: Path) -> None:
    local = Local(tmp_path, name="localcloud-policies", port=5698, public_range="198.18.43.0/25")
    folder = tmp_path / "image"
    folder.mkdir()
    log, junit = tmp_path / "cyclonus.log", tmp_path / "cyclonus.xml"
    with up(local):
        local.make()
        load_images(local, folder)
        subprocess.run(
            ["docker", "cp", str(made("cyclonus")), f"{local.plane}:/usr/local/bin/"], check=True, timeout=60
        )
        with log.open("wb") as file:
            inside = ("docker", "exec", "--env", "KUBECONFIG=/etc/kubernetes/admin.conf", local.plane)
            command = [*inside, "cyclonus", f"--image-registry={REGISTRY}", f"--junit-results-file={JUNIT}"]
            ended = subprocess.run(command, stdout=file, stderr=file, timeout=SECONDS, check=False)
        assert ended.returncode == 0, log.read_text()[-4000:]
        subprocess.run(["docker", "cp", f"{local.plane}:{JUNIT}", str(junit)], check=True, timeout=60)
    cases = list(ET.parse(junit).getroot().iter("testcase"))
    failed = sorted(case.attrib["name"] for case in cases if case.find("failure") is not None)
    reasons = Counter(ALLOWED[name] for name in failed if name in ALLOWED)
    keep(
        "policies",
        "Network policies: cyclonus",
        f"`github.com/mattfenwick/cyclonus` {version('cyclonus')}, all of its cases, over TCP and UDP, by pods on two nodes.",
        "Its pods ask by `mirror/go/cyclonus/worker`, all questions of a step at once.",
        *table(("cases", "passed", "failed"), (str(len(cases)), str(len(cases) - len(failed)), str(len(failed)))),
        *(table(("cases", "why failed"), *((str(n), why) for why, n in reasons.most_common())) if reasons else ()),
    )
    assert len(cases) > 100, log.read_text()[-4000:]
    assert [name for name in failed if name not in ALLOWED] == []
