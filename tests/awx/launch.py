"""Launches a job template as AWX does: by ansible-runner, from a private folder of the layout that AWX makes.

What AWX would take from its database comes from awx/data; what a person says at launch comes from the caller.
"""

from __future__ import annotations

import itertools
import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .data import CHECKOUT, by_name, load
from .survey import defaults, problems

PROGRAMS = Path(sys.executable).parent
# Tasks that make what only the controller keeps; where nothing is kept between jobs, each of them makes it anew
OWN = ("workspace | ", "kubeconfig | ")
PATIENCE = 1800  # seconds, for the longest job


class RefusedError(Exception):
    """The job was not started; the text says why."""


@dataclass(frozen=True)
class Credential:
    """A credential with its values, as AWX has them decrypted."""

    type: str
    inputs: dict[str, str]


@dataclass(frozen=True)
class Job:
    """What a job left in its artefacts."""

    status: str
    output: str
    stats: dict[str, dict[str, int]]
    changed: list[str]  # tasks that changed something of the environment

    def count(self, what: str) -> int:
        """Return how often something happened on all hosts: ok, failures, dark."""
        return sum(self.stats.get(what, {}).values())


@dataclass(frozen=True)
class Container:
    """An execution environment, and what it needs of this machine to reach the local cloud."""

    image: str
    options: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Return ansible-runner's arguments."""
        mounts = [part for mount in self.mounts for part in ("--container-volume-mount", mount)]
        options = [f"--container-option={option}" for option in self.options]
        isolation = ["--process-isolation", "--process-isolation-executable", "docker", "--container-image", self.image]
        return [*isolation, *mounts, *options]


@dataclass
class Launcher:
    """AWX, as far as a job can tell."""

    folder: Path
    task_environment: dict[str, str]  # AWX's setting of the same name: what every job gets
    credentials: dict[str, Credential]
    container: Container | None = None
    variables: dict[str, str] = field(default_factory=dict)  # of every inventory, besides the data's
    data: dict[str, list[dict[str, Any]]] = field(default_factory=load)
    jobs: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def launch(
        self,
        name: str,
        *,
        inventory: str,
        credentials: list[str],
        answers: dict[str, str] | None = None,
        job_type: str = "run",
    ) -> Job:
        """Launch a template and wait for its end. Raises RefusedError where AWX would not start it."""
        template = by_name(self.data["job_templates"])[name]
        given = defaults(template["survey_spec"]) | (answers or {})
        wrong = problems(template["survey_spec"], given)
        if wrong:
            raise RefusedError("; ".join(wrong))
        variables = template.get("extra_vars", {}) | given
        private = self.private_folder(credentials, extra_vars=variables, check=job_type == "check")
        script = private / "inventory" / "hosts"
        script.write_text(f"#!/usr/bin/env python3\nprint({json.dumps(self.inventory(inventory, credentials))!r})\n")
        script.chmod(0o700)
        return self.run(private, template["playbook"], timeout=template["timeout"])

    def private_folder(self, credentials: list[str], *, extra_vars: dict[str, Any], check: bool) -> Path:
        """Make what AWX hands to ansible-runner: project, inventory, environment."""
        private = self.folder / f"job_{next(self.jobs)}"
        for part in ("env", "inventory", "cp", "artifacts"):
            (private / part).mkdir(parents=True, mode=0o700)
        # with history, other than AWX's copy: the stack was deployed from the checkout, and keeps its image
        clone = ["git", "clone", "--quiet", "--no-hardlinks", str(CHECKOUT), str(private / "project")]
        subprocess.run(clone, check=True, timeout=120)
        within = "/runner" if self.container else str(private)
        environment = {
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{within}/cp",
            "ANSIBLE_COLLECTIONS_PATH": f"{within}/requirements_collections:collections:/usr/share/ansible/collections",
            "ANSIBLE_NOCOLOR": "True",
            **self.task_environment,
            **self.injected(credentials, private, within),
        }
        (private / "env" / "envvars").write_text(yaml.safe_dump(environment))
        (private / "env" / "extravars").write_text(yaml.safe_dump(extra_vars))
        (private / "env" / "cmdline").write_text("--check" if check else "")
        return private

    def injected(self, credentials: list[str], private: Path, within: str) -> dict[str, str]:
        """Render the injectors of credentials: files first, since variables name them."""
        types = by_name(self.data["credential_types"])
        render = ImmutableSandboxedEnvironment()
        environment: dict[str, str] = {}
        for name in credentials:
            credential = self.credentials[name]
            injectors = types[credential.type]["injectors"]
            files = {}
            for label, text in injectors.get("file", {}).items():
                handle, path = tempfile.mkstemp(dir=private / "env")
                os.write(handle, render.from_string(text).render(credential.inputs).encode())
                os.close(handle)
                files[label.partition(".")[2]] = f"{within}/env/{Path(path).name}"
            known = {**credential.inputs, "tower": {"filename": files}}
            environment |= {key: render.from_string(text).render(known) for key, text in injectors["env"].items()}
        return environment

    def inventory(self, name: str, credentials: list[str]) -> dict[str, Any]:
        """Synchronise an inventory's sources, and return what a job is given of them.

        A source that has no credential of its own gets the caller's, as one chosen by hand.
        """
        merged: dict[str, Any] = {"_meta": {"hostvars": {}}, "all": {"hosts": [], "children": [], "vars": {}}}
        private = self.folder / f"inventory_{next(self.jobs)}"
        (private / "env").mkdir(parents=True)
        for source in self.data["inventory_sources"]:
            if source["inventory"] == name:
                environment = {**clean(), **self.injected(credentials, private, str(private)), **self.task_environment}
                environment |= source["source_vars"]
                command = [str(PROGRAMS / "ansible-inventory"), "-i", source["source_path"], "--list", "--export"]
                answer = subprocess.run(
                    command, cwd=CHECKOUT, env=environment, check=True, capture_output=True, text=True, timeout=120
                )
                _merge(merged, json.loads(answer.stdout))
        variables = by_name(self.data["inventories"])[name]["variables"]
        merged["all"]["vars"] |= variables | self.variables
        return merged

    def run(self, private: Path, playbook: str, *, timeout: int) -> Job:
        """Run a job, in a process that knows nothing of its caller, and read its artefacts."""
        command = [str(PROGRAMS / "ansible-runner"), "run", str(private), "-p", playbook, "--ident", "job", "-q"]
        command += self.container.arguments() if self.container else []
        limit = min(timeout, PATIENCE)
        done = subprocess.run(
            command, env=clean(), cwd=private, check=False, capture_output=True, text=True, timeout=limit
        )
        artefacts = private / "artifacts" / "job"
        if not (artefacts / "rc").exists():
            raise RefusedError(f"ansible-runner did not run: {shlex.join(command)}\n{done.stdout}{done.stderr}")
        events = [json.loads(path.read_text()) for path in (artefacts / "job_events").glob("*.json")]
        stats: dict[str, dict[str, int]] = next(
            (event["event_data"] for event in events if event["event"] == "playbook_on_stats"), {}
        )
        done_tasks = [event["event_data"] for event in events if event["event"] == "runner_on_ok"]
        changed = [item["task"].rpartition(" : ")[2] for item in done_tasks if item["res"].get("changed")]
        return Job(
            status=(artefacts / "status").read_text(),
            output=(artefacts / "stdout").read_text(),
            stats=stats,
            changed=[task for task in changed if not task.startswith(OWN)],
        )


def clean() -> dict[str, str]:
    """Return an environment that says nothing of clouds."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR", "DOCKER_HOST") if name in os.environ}
    return {**kept, "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])}


def _merge(merged: dict[str, Any], found: dict[str, Any]) -> None:
    merged["_meta"]["hostvars"] |= found.pop("_meta")["hostvars"]
    for name, group in found.items():
        into = merged.setdefault(name, {"hosts": [], "children": [], "vars": {}})
        for key in ("hosts", "children"):
            into[key] += [item for item in group.get(key, []) if item not in into[key]]
        into["vars"] |= group.get("vars", {})
