"""Each verb of the how-to on the running stack, and what each refuses: docs/proofs/verbs.md keeps how long it took and what it said."""

from __future__ import annotations

import ssl
import textwrap
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from setup import paths
from tests.e2e import operations as op
from tests.e2e.operations import PLAYED, Played
from tests.e2e.pause import on_host
from tests.e2e.stack import ENVIRONMENT, SECONDS, access, kubectl, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.e2e.stack import Stack

pytestmark = pytest.mark.day2
PROOF = paths.CHECKOUT / "docs" / "proofs" / "verbs.md"
LONGER_THAN_ISSUED = 400  # days: a certificate is for 397
BUDGET = ("poddisruptionbudget", "blocks", "--namespace", "webapp")
NODE = object()  # a node of the cluster
ELSEWHERE = {"awx", "destroy"}  # `make awx-test` and `make soak` play them
RESCAN: dict[str, Any] = {"image_scan_max_age": 12, "images_scan_max_age": 12, "images_scan_action": "fail"}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What is asked for, and what is said in its place."""

    playbook: str
    says: tuple[str, ...]
    variables: dict[str, Any] = field(default_factory=dict)
    where: Callable[[Stack], AbstractContextManager[Any]] = lambda _: nullcontext()


@contextmanager
def blocking_budget(_: Stack) -> Iterator[str]:
    """A disruption budget of somebody's that lets no pod go; return the node of one."""
    with access():
        code, said = kubectl("create", *BUDGET, "--selector", "app.kubernetes.io/name=webapp", "--min-available=100%")
        assert code == 0, said

        def counts() -> bool:
            return kubectl("get", *BUDGET, "--output", "jsonpath={.status.expectedPods}")[1].isdigit()

        op.until(counts, "the budget counts pods")
        try:
            yield op.places()[0]
        finally:
            code, said = kubectl("delete", *BUDGET)
            assert code == 0, said


REFUSALS = {
    "a version of Kubernetes that is not the next": Refusal(
        playbook="upgrade",
        variables={"upgrade_to": "1.38", "infrastructure_kubernetes_version": "1.38"},
        says=("EKS has no 1.38", "aws eks describe-cluster-versions"),
    ),
    "a version that is not the inventory's": Refusal(
        playbook="upgrade",
        variables={"upgrade_to": "1.37"},
        says=("upgrade_to is '1.37'", "allowed is the inventory's"),
    ),
    "something else to upgrade": Refusal(
        playbook="upgrade",
        variables={"upgrade_what": "everything"},
        says=("upgrade_what is 'everything'; allowed are kubernetes and hosts",),
    ),
    "a node whose pods a budget keeps": Refusal(
        playbook="replace",
        variables={"replace_what": NODE},
        where=blocking_budget,
        says=("webapp/blocks",),
    ),
    "a node that there is not": Refusal(
        playbook="replace",
        variables={"replace_what": "nobody"},
        says=("replace_what is 'nobody'; allowed are ops, monitoring,",),
    ),
    "a secret that there is not": Refusal(
        playbook="rotate",
        variables={"rotate_what": "nobody"},
        says=("rotate_what is 'nobody'; allowed are alertmanager,",),
    ),
    "the key of the backups": Refusal(
        playbook="rotate", variables={"rotate_what": "prometheus_backup"}, says=("would not open with another one",)
    ),
    "a snapshot that there is not": Refusal(
        playbook="restore",
        variables={"confirm": ENVIRONMENT, "snapshot": "deadbeef"},
        says=("The snapshot deadbeef can't be restored, and nothing was touched", "there are: "),
    ),
    "a restore without the space for it": Refusal(
        playbook="restore", variables={"confirm": ENVIRONMENT}, where=op.full_disk, says=("has room for", "make room")
    ),
    "a restore of another environment": Refusal(
        playbook="restore", variables={"confirm": "another"}, says=("confirm is 'another'", f"-e confirm={ENVIRONMENT}")
    ),
    "the end of another environment": Refusal(
        playbook="destroy", variables={"confirm": "another"}, says=("confirm is 'another'", f"-e confirm={ENVIRONMENT}")
    ),
    "an environment with nobody to tell": Refusal(
        playbook="preflight",
        variables={"preflight_alerts_required": True},
        says=("alerts reach nobody", "Set alertmanager_receivers"),
    ),
}


@pytest.fixture(scope="module")
def refused() -> Iterator[dict[str, Played]]:
    """What was refused; with a run of every verb it is kept."""
    found: dict[str, Played] = {}
    yield found
    done = [run for run in PLAYED if run not in found.values()]
    verbs = {path.stem for path in (paths.CHECKOUT / "playbooks").glob("*.yml")} - ELSEWHERE
    if verbs <= {run.command.split()[0] for run in done} and set(found) >= set(REFUSALS):
        head = PROOF.read_text().partition("\n## ")[0]
        parts = [record(run.command, run) for run in done]
        refusals = [record(f"{name}: {run.command}", run) for name, run in found.items()]
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        text = "\n".join(
            [head, f"## {today}: played", *parts, f"## {today}: refused, before anything was changed", *refusals]
        )
        PROOF.write_text(text)


def record(name: str, run: Played) -> str:
    """Return a run as a part of the page."""
    said = run.said.replace(str(Path.home()), "~") or "(nothing)"
    return f"### {name}\n{run.seconds:.0f} s, changed={run.changed}\n\n{textwrap.indent(said, '    ')}\n"


class Plays(Protocol):
    """Plays a verb; tells how it went."""

    def __call__(self, name: str, /, *, succeeds: bool = True, **variables: Any) -> Played: ...


@pytest.fixture(scope="module")
def plays() -> Plays:
    """With the cluster's version, as an inventory that is in step has it."""
    with access():
        kubelet: str = op.objects("nodes")[0]["status"]["nodeInfo"]["kubeletVersion"]
    version = kubelet.removeprefix("v").rpartition(".")[0]

    def call(name: str, /, *, succeeds: bool = True, **variables: Any) -> Played:
        return op.played(name, {"infrastructure_kubernetes_version": version, **variables}, succeeds=succeeds)

    return call


@pytest.mark.parametrize("name", ["preflight", "provision", "build", "cluster", "deploy", "monitor", "site"])
def test_what_is_as_it_should_be_stays(plays: Plays, name: str) -> None:
    assert plays(name).changed == 0


def test_what_became_known_of_images_is_looked_for(plays: Plays) -> None:
    assert plays("build", **RESCAN).changed == 0


def served(stack: Stack) -> str:
    """Return the certificate that Grafana shows."""
    return ssl.get_server_certificate((stack.address, stack.outputs["grafana_port"]), timeout=SECONDS)


def test_certificates_are_renewed_before_they_end(plays: Plays) -> None:
    stack = load()
    before = served(stack)
    assert plays("monitor", certificate_renew_days=LONGER_THAN_ISSUED).changed
    assert served(stack) != before
    assert plays("verify").changed == 0


def test_access_is_opened_and_closed(plays: Plays) -> None:
    assert "kubectl" in plays("access").said
    assert kubectl("get", "nodes")[0] == 0
    plays("access", access_state="absent")
    assert kubectl("get", "nodes", "--request-timeout=3s")[0]


def test_metrics_are_restored(plays: Plays) -> None:
    saved, _, rest = plays("backup").said.partition(": ")
    assert "bytes" in rest
    restored = plays("restore", confirm=ENVIRONMENT, snapshot=saved).said
    assert "in place; what was there before is kept" in restored
    on_host(load(), "monitoring", "rm", "--recursive", restored.split()[-1])  # as the operator is told


@pytest.mark.parametrize("name", REFUSALS)
def test_what_can_not_be_done_is_refused(plays: Plays, refused: dict[str, Played], name: str) -> None:
    refusal = REFUSALS[name]
    with refusal.where(load()) as found:
        asked: dict[str, Any] = {key: found if value is NODE else value for key, value in refusal.variables.items()}
        answer = refused[name] = plays(refusal.playbook, succeeds=False, **asked)
    assert answer.changed == 0
    assert all(text in answer.said for text in refusal.says), answer.said


def test_an_environment_is_suspended_and_resumed(plays: Plays, refused: dict[str, Played]) -> None:
    assert plays("suspend").changed
    assert plays("suspend").changed == 0
    answer = refused["a deployment to what is suspended"] = plays("deploy", succeeds=False)
    assert f"Environment '{ENVIRONMENT}' is suspended since" in answer.said
    plays("resume")
    assert plays("site").changed == 0
