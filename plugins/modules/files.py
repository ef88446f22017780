#!/usr/bin/python
"""Ensures a set of folders and text files in one go."""

from __future__ import annotations

DOCUMENTATION = r"""
module: files
author: The Beacon authors (@beacon)
short_description: Ensure folders and text files, all at once
version_added: 0.1.0
description:
  - Ensures many folders and files with one start of Python on the host, where M(ansible.builtin.template) and
    M(ansible.builtin.copy) need two a file. A role whose files stand already asks once whether they still do.
  - All new contents are validated before the first file is replaced; each file is replaced in one step.
  - Contents come as text, mostly from P(ansible.builtin.template#lookup) or P(ansible.builtin.file#lookup).
options:
  directories:
    description: Folders, those that hold others first.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path.
        type: path
        required: true
      owner:
        description: Name of the owner, instead of O(owner).
        type: str
      group:
        description: Name of the group, instead of O(group).
        type: str
      mode:
        description: Permissions, instead of O(directory_mode).
        type: str
      contents:
        description: Files of this folder that need nothing of their own, their names with what they hold.
        type: dict
        default: {}
      prune:
        description: Patterns such as C(*.yml); files in it that match one are removed unless they are named here. Folders stay.
        type: list
        elements: str
        default: []
  files:
    description: Files.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path.
        type: path
        required: true
      content:
        description: What it holds.
        type: str
        required: true
      owner:
        description: Name of the owner, instead of O(owner).
        type: str
      group:
        description: Name of the group, instead of O(group).
        type: str
      mode:
        description: Permissions, instead of O(mode).
        type: str
      validate:
        description: Command that accepts a file of such content, with C(%s) for its path, instead of O(validate).
        type: str
      force:
        description: Whether to replace what a file holds that is there already.
        type: bool
        default: true
  owner:
    description: Owner of all that name none; left as it is where both name none.
    type: str
  group:
    description: Group of all that name none; left as it is where both name none.
    type: str
  mode:
    description: Permissions of files that name none.
    type: str
    default: "0644"
  directory_mode:
    description: Permissions of folders that name none.
    type: str
    default: "0755"
  validate:
    description: Command for files that name none; see O(files[].validate).
    type: str
  secrets:
    description: >-
      Values that are shown nowhere, such as in a diff; P(beacon.platform.secret_values#filter) finds them. With this option, though the
      list be empty, a diff hides the values of lines that go, too, which may be the secrets of before.
    type: list
    elements: str
attributes:
  check_mode:
    support: full
    description: It looks, validates what can be validated (on an empty host the command may be missing), and changes nothing.
  diff_mode:
    support: full
    description: Shows contents and permissions, without O(secrets).
"""

EXAMPLES = r"""
- name: Ensure a service's configuration
  beacon.platform.files:
    group: prometheus
    mode: "0640"
    directories:
      - {path: /etc/prometheus, mode: "0750"}
    files:
      - path: /etc/prometheus/prometheus.yml
        content: "{{ lookup('ansible.builtin.template', 'prometheus.yml.j2') }}"
        validate: promtool check config %s
  notify: Reload prometheus

- name: Ensure the rules, and no others
  beacon.platform.files:
    directories:
      - path: /etc/prometheus/rules
        contents: "{{ dict(names | zip(query('ansible.builtin.file', *names))) }}"
        prune: ["*.yml"]
    validate: promtool check rules %s
"""

RETURN = r"""
paths:
  description: What was made, replaced, removed, or got other permissions.
  returned: always
  type: list
  elements: str
"""

import fnmatch
import os
import shlex
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes, to_text

LARGEST_DIFF = 104448
"""Bytes; as https://docs.ansible.com/ansible/latest/reference_appendices/config.html#max-file-size-for-diff has it."""

HIDDEN = "********"


class RefusalError(Exception):
    """What can't be done, in a sentence."""


class Report:
    """What was changed, or would be: paths, and diffs where they are asked for."""

    def __init__(self, *, wanted: bool, secrets: bool) -> None:
        self.wanted, self.secrets = wanted, secrets
        self.paths: list[str] = []
        self.diffs: list[dict[str, Any]] = []

    def add(self, path: Path, before: str, after: str) -> None:
        """Note that a path's text becomes another."""
        if str(path) not in self.paths:
            self.paths.append(str(path))
        if not self.wanted:
            return
        if self.secrets:
            before = without_values(before, shown=after)
        entry: dict[str, Any] = {"before_header": str(path), "after_header": str(path)}
        for side, text, larger in (("before", before, "dst_larger"), ("after", after, "src_larger")):
            entry |= {larger: LARGEST_DIFF} if len(text) > LARGEST_DIFF else {side: text}
        self.diffs.append(entry)


def check(directories: list[dict[str, Any]], files: list[dict[str, Any]], *, check_mode: bool) -> None:
    """Raise RefusalError for a path that is not absolute, named twice, of another kind on the host, or in no folder."""
    made = {folder for entry in directories for folder in (entry["path"], *entry["path"].parents)}
    paths = [entry["path"] for entry in directories + files]
    for path in paths:
        if not path.is_absolute():
            raise RefusalError(f"'{path}' is no absolute path: begin it with a slash.")
        if paths.count(path) > 1:
            raise RefusalError(f"'{path}' is named {paths.count(path)} times in directories and files: name it once.")
    for entry in directories:
        if entry["path"].exists() and not entry["path"].is_dir():
            raise RefusalError(
                f"'{entry['path']}' is to be a folder, but is something else on this host: remove it by hand."
            )
    for entry in files:
        if entry["path"].is_dir():
            raise RefusalError(f"'{entry['path']}' is to be a file, but is a folder on this host: remove it by hand.")
        parent = entry["path"].parent
        # in a check, an earlier task would have made it
        if not (check_mode or parent in made or parent.is_dir()):
            raise RefusalError(f"'{entry['path']}' has no folder on this host: name '{parent}' in directories.")


def unnamed(directories: list[dict[str, Any]], files: list[dict[str, Any]]) -> list[Path]:
    """Return the files that match a folder's patterns, and that nobody names."""
    named = {entry["path"] for entry in files}
    return sorted(
        path
        for entry in directories
        if entry["prune"] and entry["path"].is_dir()
        for path in entry["path"].iterdir()
        if path not in named
        and (path.is_symlink() or not path.is_dir())
        and any(fnmatch.fnmatchcase(path.name, pattern) for pattern in entry["prune"])
    )


def as_lines(attributes: dict[str, Any]) -> str:
    """Return attributes as a text, one a line."""
    return "".join(f"{name}: {value}\n" for name, value in sorted(attributes.items()) if name != "path")


def without_values(text: str, *, shown: str) -> str:
    """Return a text whose lines show their key only, but for those that stand in what is shown anyway."""
    stay = set(shown.splitlines())
    return "".join(f"{line if line in stay else _key(line)}\n" for line in text.splitlines())


def _key(line: str) -> str:
    key, colon, _value = line.partition(": ")
    if colon:
        return f"{key}: {HIDDEN}"
    return line if line.endswith(":") else f"{line[: len(line) - len(line.lstrip())]}{HIDDEN}"


def text(content: bytes) -> str:
    """Return a content as a diff shows it."""
    return str(to_text(content, errors="surrogate_or_replace"))


class Host:
    """Folders and files of a host, changed only outside of check mode."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        wanted = module._diff  # noqa: SLF001 - modules have no other way to know
        self.report = Report(wanted=wanted, secrets=module.params["secrets"] is not None)

    def refuse_invalid(self, entry: dict[str, Any]) -> None:
        """Raise RefusalError when the command that accepts such files does not."""
        path, command = entry["path"], entry["validate"] or self.module.params["validate"]
        if not command:
            return
        if "%s" not in command:
            raise RefusalError(f"validate for '{path}' is '{command}': it needs %s where the file's name belongs.")
        program, *arguments = shlex.split(command)
        if self.module.get_bin_path(program) is None:
            if self.module.check_mode:
                return  # an empty host: it would be installed before
            raise RefusalError(
                f"'{path}' is accepted by `{command}`, but this host has no {program}: install it before."
            )
        with tempfile.NamedTemporaryFile(dir=self.module.tmpdir) as file:
            file.write(entry["content"])
            file.flush()
            code, out, err = self.module.run_command(
                [program, *(argument.replace("%s", file.name) for argument in arguments)]
            )
        if code:
            said = " ".join(f"{out} {err}".split())  # amtool tells the reason in its output, promtool among the errors
            raise RefusalError(f"'{path}' is not accepted by `{command}`, nothing was replaced: {said}")

    def permit(self, path: Path, entry: dict[str, Any], *, default_mode: str) -> dict[str, Any] | None:
        """Ensure owner, group and mode of what is there; return what was before and after, None without a change."""
        wanted = {
            "path": str(path),
            "owner": entry["owner"] or self.module.params["owner"],
            "group": entry["group"] or self.module.params["group"],
            "mode": entry["mode"] or self.module.params[default_mode],
        }
        diff: dict[str, Any] = {}
        arguments = self.module.load_file_common_arguments(wanted)
        return diff if self.module.set_fs_attributes_if_different(arguments, changed=False, diff=diff) else None

    def keep(self, entry: dict[str, Any], *, default_mode: str) -> None:
        """Ensure the permissions of what stood there before."""
        diff = self.permit(entry["path"], entry, default_mode=default_mode)
        if diff is not None:
            self.report.add(entry["path"], as_lines(diff["before"]), as_lines(diff["after"]))

    def directory(self, entry: dict[str, Any]) -> None:
        """Ensure a folder."""
        if entry["path"].is_dir():
            self.keep(entry, default_mode="directory_mode")
            return
        self.report.add(entry["path"], "", "a folder\n")
        if not self.module.check_mode:
            entry["path"].mkdir(parents=True)
            self.permit(entry["path"], entry, default_mode="directory_mode")

    def file(self, entry: dict[str, Any], before: bytes) -> None:
        """Put a file in its place in one step, with its permissions: nobody else can read it for a moment."""
        self.report.add(entry["path"], text(before), text(entry["content"]))
        if self.module.check_mode:
            return
        with tempfile.NamedTemporaryFile(dir=entry["path"].parent, prefix=".beacon-", delete=False) as file:
            file.write(entry["content"])
        new = Path(file.name)
        try:
            if entry["path"].is_file():  # whose it was it stays, where neither owner nor group is named
                there = entry["path"].stat()
                os.chown(new, there.st_uid, there.st_gid)
            self.permit(new, entry, default_mode="mode")
            new.replace(entry["path"])
        finally:
            new.unlink(missing_ok=True)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        self.report.add(path, text(path.read_bytes()) if path.is_file() else "", "")
        if not self.module.check_mode:
            path.unlink()


def in_folder(directory: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a folder's contents as entries of files. Raises RefusalError for a name that leads elsewhere."""
    for name, content in directory["contents"].items():
        where = f"'{name}' in contents of '{directory['path']}'"
        if name in {"", ".", ".."} or "/" in name:
            raise RefusalError(f"{where} is no file's name: name folders in directories.")
        if not isinstance(content, str):
            raise RefusalError(f"{where} is no text but a {type(content).__name__}: give it as it is to be written.")
    own = dict.fromkeys(("owner", "group", "mode", "validate"))
    return [
        {"path": directory["path"] / name, "content": content, "force": True, **own}
        for name, content in directory["contents"].items()
    ]


def ensure(module: AnsibleModule) -> Report:
    """Apply what is asked for. Raises RefusalError before anything is changed."""
    directories, files = (
        [{**entry, "path": Path(entry["path"])} for entry in module.params[name]] for name in ("directories", "files")
    )
    files += [entry for directory in directories for entry in in_folder(directory)]
    check(directories, files, check_mode=module.check_mode)
    for entry in files:
        entry["content"] = to_bytes(entry["content"], errors="surrogate_or_strict")
        entry["before"] = entry["path"].read_bytes() if entry["path"].exists() else None
        entry["stands"] = entry["before"] is not None and (not entry["force"] or entry["before"] == entry["content"])
    host = Host(module)
    for entry in files:
        if not entry["stands"]:
            host.refuse_invalid(entry)
    for entry in directories:
        host.directory(entry)
    for entry in files:
        if entry["stands"]:
            host.keep(entry, default_mode="mode")
        else:
            host.file(entry, entry["before"] or b"")
    for path in unnamed(directories, files):
        host.remove(path)
    return host.report


def main() -> None:
    """Run the module."""
    owned: dict[str, Any] = {"owner": {"type": "str"}, "group": {"type": "str"}, "mode": {"type": "str"}}
    path: dict[str, Any] = {"path": {"type": "path", "required": True}}
    module = AnsibleModule(
        argument_spec={
            "directories": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    **path,
                    **owned,
                    "contents": {"type": "dict", "default": {}},
                    "prune": {"type": "list", "elements": "str", "default": []},
                },
            },
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    **path,
                    **owned,
                    "content": {"type": "str", "required": True},
                    "validate": {"type": "str"},
                    "force": {"type": "bool", "default": True},
                },
            },
            **owned,
            "mode": {"type": "str", "default": "0644"},
            "directory_mode": {"type": "str", "default": "0755"},
            "validate": {"type": "str"},
            "secrets": {"type": "list", "elements": "str", "no_log": True},
        },
        supports_check_mode=True,
        no_log=True,  # whole files are no lines for the host's journal
    )
    try:
        report = ensure(module)
    except (RefusalError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(report.paths), paths=report.paths, diff=report.diffs)


if __name__ == "__main__":
    main()
