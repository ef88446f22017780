"""Lets Terraform make or destroy what a root module describes, and shows what it does; see modules/terraform.py."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils import _terraform_process as process  # noqa: TID252 # the same import from a checkout and when installed
from ..module_utils._terraform import Progress, UnknownFormatError, duration  # noqa: TID252 # likewise

SPEC: dict[str, Any] = {
    "project_path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "replace": {"type": "list", "elements": "str", "default": []},
    "lock": {"type": "bool", "default": True},
    "lock_timeout": {"type": "int", "default": 20},
    "timeout": {"type": "int", "default": 3600},
    "stop_timeout": {"type": "int", "default": 300},
    "progress_interval": {"type": "int", "default": 20},
}
NOTHING, FAILED, CHANGES = 0, 1, 2
"""Exit codes of `terraform plan -detailed-exitcode`."""
NO_CHANGES = "No changes. The infrastructure matches the configuration."


def notice(text: str, parent: int) -> None:
    """Say something although ansible-playbook has ended its display: where that process writes its errors."""
    try:
        descriptor = os.open(f"/proc/{parent}/fd/2", os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
    except OSError:
        return  # it is gone, and so is whoever would read this
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text + "\n")


class Terraform:
    """One run of Terraform: plan, apply, outputs."""

    def __init__(self, arguments: dict[str, Any], environment: dict[str, str], asked: process.Interruptions) -> None:
        self.arguments = arguments
        self.environment = environment
        self.asked = asked
        self.progress = Progress(say=self._say, clock=time.monotonic, interval=arguments["progress_interval"])
        self._end = time.monotonic() + arguments["timeout"]
        self._display = Display()

    def plan(self, file: str) -> bool:
        """Write a plan; return whether it would change anything."""
        options = [f"-out={file}", "-detailed-exitcode", f"-lock={str(self.arguments['lock']).lower()}"]
        options += [f"-lock-timeout={self.arguments['lock_timeout']}s"]
        options += [f"-replace={address}" for address in self.arguments["replace"]]
        options += ["-destroy"] if self.arguments["state"] == "absent" else []
        return self._run("planning", "plan", "-json", *options) == CHANGES

    def apply(self, file: str) -> None:
        """Apply a plan."""
        self._run("applying", "apply", "-json", f"-lock-timeout={self.arguments['lock_timeout']}s", file)

    def text(self, *arguments: str) -> str:
        """Return what a command prints that only reads."""
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.arguments["project_path"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise AnsibleActionFail(f"terraform {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def outputs(self) -> dict[str, Any]:
        """Return the outputs in the shape of `terraform output -json`, less those that are sensitive."""
        found = json.loads(self.text("output", "-json"))
        return {name: output for name, output in found.items() if not output["sensitive"]}

    def _say(self, line: str) -> None:
        if not self.asked.reason():  # from then on nobody reads Ansible's queue, and a full one blocks
            self._display.display(f"    {line}")

    def _reason_to_stop(self) -> str:
        late = f"it took longer than {duration(self.arguments['timeout'])}" if time.monotonic() >= self._end else ""
        return self.asked.reason() or late

    def _run(self, stage: str, command: str, *arguments: str) -> int:
        self.progress.begin(stage)
        unfinished: list[str] = []

        def on_stop(reason: str) -> None:
            unfinished.append(self.progress.running())
            text = f"Terraform is asked to stop: {reason}. It ends what it has begun"
            self._tell(f"{text}: {unfinished[0]}." if unfinished[0] else f"{text}.")

        try:
            ended = process.run(
                ["terraform", command, "-input=false", *arguments],
                directory=self.arguments["project_path"],
                environment=self.environment,
                each_line=self.progress.line,
                tick=self.progress.tick,
                reason_to_stop=self._reason_to_stop,
                on_stop=on_stop,
                patience=self.arguments["stop_timeout"],
            )
        except FileNotFoundError as error:
            raise AnsibleActionFail(
                f"{error.filename} is not there. Install Terraform so that PATH finds it, and initialise the project path."
            ) from error
        except UnknownFormatError as error:
            raise AnsibleActionFail(str(error)) from error
        if ended.stopped:
            text = stopped(ended, stage=stage, unfinished=unfinished[0], problem=self.progress.problem())
            self._tell(text)
            raise AnsibleActionFail(text)
        if ended.code not in {NOTHING, CHANGES}:
            raise AnsibleActionFail(
                self.progress.problem() or f"terraform {command} ended with {ended.code}, and said nothing"
            )
        return ended.code

    def _tell(self, text: str) -> None:
        if self.asked.reason():
            notice(text, self.asked.parent)
        else:
            self._display.display(f"    {text}")


def stopped(ended: process.Ended, *, stage: str, unfinished: str, problem: str) -> str:
    """Say how a run was stopped, what it was at, what holds now, and how to go on."""
    text = f"Terraform was stopped while {stage}, since {ended.stopped}."
    text += f" It was at: {unfinished}." if unfinished else ""
    if ended.forced or "Error releasing the state lock" in problem:
        text += (
            " It did not end in order: the lock on the state may still be held, and the state may lack what was just made."
            " docs/runbooks.md says the way back (Terraform was cut short)."
        )
    else:
        text += " It ended in order: the state is written, and the lock is released. Run the same again to go on."
    return text


class ActionModule(ActionBase):  # type: ignore[misc] # Ansible has no types
    """Runs Terraform on the controller."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Plan; unless it is a check, apply what the plan has; return what changed and the outputs."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(SPEC)
        if not Path(arguments["project_path"]).is_dir():
            raise AnsibleActionFail(
                f"project_path is {arguments['project_path']}, which is no folder. Name one that `terraform init` has seen."
            )
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        full = os.environ | {name: str(value) for name, value in environment.items()} | {"TF_IN_AUTOMATION": "1"}
        with (
            process.interruptions() as asked,
            # holds the state's content: it goes with this run, however that ends
            tempfile.NamedTemporaryFile(suffix=".tfplan", dir=full.get("TMPDIR")) as plan,
        ):
            return result | self._go(Terraform(arguments, full, asked), plan.name)

    def _go(self, terraform: Terraform, file: str) -> dict[str, Any]:
        changed = terraform.plan(file)
        shown = ""
        if self._task.check_mode or self._task.diff:
            shown = terraform.text("show", "-no-color", file).strip() if changed else NO_CHANGES
        if changed and not self._task.check_mode:
            terraform.apply(file)
        return {
            "changed": changed,
            "plan": shown,
            "counts": terraform.progress.counts,
            "resources": [
                {"address": change.address, "action": change.action} for change in terraform.progress.changes
            ],
            "outputs": terraform.outputs(),
            **({"diff": {"prepared": shown + "\n"}} if self._task.diff else {}),
        }
