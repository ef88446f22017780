"""Module files: folders and files of a host, all at once."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from tests.plugins.test_image_plugins import load

files = load("modules/files.py")
ME = {"owner": str(os.getuid()), "group": str(os.getgid())}
REFUSE = "sh -c 'grep --quiet good %s || { echo line 1:; echo no good >&2; exit 3; }'"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs the module, and gives what it answers."""

    def play(*, check: bool = False, **parameters: Any) -> dict[str, Any]:
        internals = {"_ansible_check_mode": check, "_ansible_diff": True}
        with patch_module_args({**ME, **parameters, **internals}), pytest.raises(SystemExit):
            files.main()
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return play


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o7777:04o}"


def wanted(root: Path, **extra: Any) -> dict[str, Any]:
    return {
        "directories": [{"path": str(root / "etc"), "mode": "0750", "prune": ["*.yml"]}],
        "files": [{"path": str(root / "etc/app.yml"), "content": "good: ü\n", **extra}],
        "mode": "0640",
    }


def test_it_makes_what_is_missing_and_then_changes_nothing(tmp_path: Path, run: Any) -> None:
    first = run(**wanted(tmp_path))
    assert first["changed"] is True
    assert first["paths"] == [str(tmp_path / "etc"), str(tmp_path / "etc/app.yml")]
    assert (tmp_path / "etc/app.yml").read_text(encoding="utf-8") == "good: ü\n"
    assert (mode(tmp_path / "etc"), mode(tmp_path / "etc/app.yml")) == ("0750", "0640")
    second = run(**wanted(tmp_path))
    assert (second["changed"], second["paths"], second["diff"]) == (False, [], [])


def test_a_check_tells_all_and_changes_nothing(tmp_path: Path, run: Any) -> None:
    answer = run(check=True, **wanted(tmp_path))
    assert answer["paths"] == [str(tmp_path / "etc"), str(tmp_path / "etc/app.yml")]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_drifted_is_put_right_and_shown(tmp_path: Path, run: Any) -> None:
    run(**wanted(tmp_path))
    path = tmp_path / "etc/app.yml"
    path.write_text("bad\n", encoding="utf-8")
    answer = run(**wanted(tmp_path))
    assert path.read_text(encoding="utf-8") == "good: ü\n"
    assert answer["diff"] == [
        {"before_header": str(path), "after_header": str(path), "before": "bad\n", "after": "good: ü\n"}
    ]


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files to others")
def test_a_replaced_file_stays_whose_it_was(tmp_path: Path, run: Any) -> None:
    path = tmp_path / "app.yml"
    path.write_text("bad\n", encoding="utf-8")
    os.chown(path, 1234, 2345)
    assert run(owner=None, group=None, files=[{"path": str(path), "content": "good\n"}])["changed"]
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)
    run(files=[{"path": str(path), "content": "better\n"}])
    assert (path.stat().st_uid, path.stat().st_gid) == (os.getuid(), os.getgid())


def test_a_secret_is_shown_nowhere(tmp_path: Path, run: Any) -> None:
    path = tmp_path / "etc/app.yml"

    def holding(content: str, **extra: Any) -> dict[str, Any]:
        return wanted(tmp_path) | {"files": [{"path": str(path), "content": content, **extra}]}

    run(**holding("user: me\nlist:\n  - hush-0\npassword: hush-1\n"), secrets=["hush-1"])
    answer = run(**holding("user: me\npassword: hush-2\n"), secrets=["hush-2"])
    assert path.read_text(encoding="utf-8") == "user: me\npassword: hush-2\n"
    assert answer["diff"][0]["before"] == "user: me\nlist:\n  ********\npassword: ********\n"
    assert answer["diff"][0]["after"] == "user: me\npassword: ********\n"
    assert "hush" not in json.dumps(answer)
    gone = run(check=True, **holding("user: me\n"), secrets=[])
    assert gone["diff"][0]["before"] == "user: me\npassword: ********\n"
    refused = run(**holding("password: hush-3\n", validate=REFUSE), secrets=["hush-3"])
    assert "line 1: no good" in refused["msg"]
    assert "hush" not in json.dumps(refused)


def test_permissions_alone_are_a_change(tmp_path: Path, run: Any) -> None:
    run(**wanted(tmp_path))
    path = tmp_path / "etc/app.yml"
    path.chmod(0o666)
    assert run(check=True, **wanted(tmp_path))["paths"] == [str(path)]
    assert mode(path) == "0666"
    answer = run(**wanted(tmp_path))
    assert mode(path) == "0640"
    assert (answer["diff"][0]["before"], answer["diff"][0]["after"]) == ("mode: 0666\n", "mode: 0640\n")


def test_a_folder_loses_files_that_match_and_that_nobody_names(tmp_path: Path, run: Any) -> None:
    run(**wanted(tmp_path))
    (tmp_path / "etc/old.yml").write_text("old", encoding="utf-8")
    (tmp_path / "etc/kept.yml").mkdir()
    (tmp_path / "etc/other.txt").touch()
    assert run(check=True, **wanted(tmp_path))["paths"] == [str(tmp_path / "etc/old.yml")]
    assert run(**wanted(tmp_path))["paths"] == [str(tmp_path / "etc/old.yml")]
    assert sorted(path.name for path in (tmp_path / "etc").iterdir()) == ["app.yml", "kept.yml", "other.txt"]


def test_contents_of_a_folder_are_files_of_it_like_any_other(tmp_path: Path, run: Any) -> None:
    folder = {"path": str(tmp_path / "rules"), "contents": {"a.yml": "good", "b.yml": "good"}, "prune": ["*"]}
    answer = run(directories=[folder], mode="0640", validate=REFUSE)
    assert answer["paths"] == [str(tmp_path / "rules"), str(tmp_path / "rules/a.yml"), str(tmp_path / "rules/b.yml")]
    assert mode(tmp_path / "rules/b.yml") == "0640"
    folder["contents"] = {"a.yml": "bad"}
    assert "rules/a.yml' is not accepted by" in run(directories=[folder], validate=REFUSE)["msg"]
    folder["contents"] = {"a.yml": "good"}
    assert run(directories=[folder], mode="0640", validate=REFUSE)["paths"] == [str(tmp_path / "rules/b.yml")]


@pytest.mark.parametrize("name", ["", "..", "../passwd", "a/b"])
def test_contents_stay_in_their_folder(tmp_path: Path, run: Any, name: str) -> None:
    answer = run(directories=[{"path": str(tmp_path / "rules"), "contents": {name: "x"}}])
    assert answer["msg"] == (
        f"'{name}' in contents of '{tmp_path}/rules' is no file's name: name folders in directories."
    )
    assert list(tmp_path.iterdir()) == []


def test_contents_are_text(tmp_path: Path, run: Any) -> None:
    answer = run(directories=[{"path": str(tmp_path), "contents": {"a.json": {"a": 1}}}])
    assert (
        answer["msg"] == f"'a.json' in contents of '{tmp_path}' is no text but a dict: give it as it is to be written."
    )


def test_a_file_that_is_made_once_keeps_its_content(tmp_path: Path, run: Any) -> None:
    run(**wanted(tmp_path, force=False))
    (tmp_path / "etc/app.yml").write_text("its own", encoding="utf-8")
    assert run(**wanted(tmp_path, force=False))["changed"] is False
    assert (tmp_path / "etc/app.yml").read_text(encoding="utf-8") == "its own"


def test_a_refused_file_leaves_all_as_they_were(tmp_path: Path, run: Any) -> None:
    parameters = wanted(tmp_path)
    parameters["files"].append({"path": str(tmp_path / "etc/other.yml"), "content": "bad\n", "validate": REFUSE})
    answer = run(**parameters)
    assert answer["failed"] is True
    assert answer["msg"] == (
        f"'{tmp_path}/etc/other.yml' is not accepted by `{REFUSE}`, nothing was replaced: line 1: no good"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_validates_may_be_missing_in_a_check_only(tmp_path: Path, run: Any) -> None:
    parameters = wanted(tmp_path, validate="/nowhere/promtool check %s")
    assert run(check=True, **parameters)["changed"] is True
    assert run(**parameters)["msg"] == (
        f"'{tmp_path}/etc/app.yml' is accepted by `/nowhere/promtool check %s`, but this host has no /nowhere/promtool: "
        "install it before."
    )
    assert list(tmp_path.iterdir()) == []


def test_large_texts_are_not_shown(tmp_path: Path, run: Any) -> None:
    parameters = wanted(tmp_path)
    parameters["files"][0]["content"] = "x" * 200_000
    entry = run(**parameters)["diff"][1]
    assert entry["src_larger"] == files.LARGEST_DIFF
    assert "after" not in entry


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"directories": [{"path": "etc"}]}, "'etc' is no absolute path: begin it with a slash."),
        (
            {"directories": [{"path": "/x"}], "files": [{"path": "/x", "content": ""}]},
            "'/x' is named 2 times in directories and files: name it once.",
        ),
        (
            {"files": [{"path": "/etc/nothing", "content": "", "validate": "true"}]},
            "validate for '/etc/nothing' is 'true': it needs %s where the file's name belongs.",
        ),
        (
            {"files": [{"path": "/nowhere/x", "content": ""}]},
            "'/nowhere/x' has no folder on this host: name '/nowhere' in directories.",
        ),
        (
            {"files": [{"path": "/etc", "content": ""}]},
            "'/etc' is to be a file, but is a folder on this host: remove it by hand.",
        ),
        (
            {"directories": [{"path": "/etc/hosts"}]},
            "'/etc/hosts' is to be a folder, but is something else on this host: remove it by hand.",
        ),
    ],
)
def test_bad_input_is_named(run: Any, parameters: dict[str, Any], message: str) -> None:
    answer = run(**parameters)
    assert (answer["failed"], answer["msg"]) == (True, message)
