"""What role image asks of its own plugins: revisions, findings, logs, pip's settings."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import ansible_collections
import pytest
from ansible.errors import AnsibleLookupError
from botocore.exceptions import ClientError

PLUGINS = Path(__file__).parents[2] / "plugins"
# what ansible.cfg's collections_path does: modules import what they share by the collection's name
ansible_collections.__path__.append(str(PLUGINS.parent / "collections" / "ansible_collections"))


def load(path: str) -> ModuleType:
    """Load a plugin as Ansible does, by its path; amazon.aws is where the locked environment has it."""
    name = "plugin_" + path.replace("/", "_").removesuffix(".py")
    spec = spec_from_file_location(name, PLUGINS / path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


source_revision = load("lookup/source_revision.py")
pip_files = load("lookup/pip_files.py")
scan_gate = load("filter/scan_gate.py").scan_gate
build_log = load("filter/build_log.py").build_log
ecr_image_info = load("modules/ecr_image_info.py")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / "app"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "main.py").write_text("print()\n")
    (folder / ".dockerignore").write_text("# not sent\nREADME.md\n**/*.pyc\n")
    git(folder.parent, "init", "--quiet")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "--quiet", "-m", "begin")
    return folder


class TestRevision:
    def test_clean_is_the_commit(self, context: Path) -> None:
        found = source_revision.revision(context)
        assert found.name == found.commit == git(context, "rev-parse", "HEAD")[:12]
        assert not found.dirty
        assert found.epoch == int(git(context, "log", "-1", "--format=%ct"))

    def test_commit_elsewhere_changes_nothing(self, context: Path) -> None:
        before = source_revision.revision(context)
        (context.parent / "elsewhere").write_text("")
        git(context.parent, "add", ".")
        git(context.parent, "commit", "--quiet", "-m", "elsewhere")
        assert source_revision.revision(context) == before

    def test_a_copy_without_history_says_what_is_in_it(self, context: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "--quiet", "--depth=1", context.parent.as_uri(), "shallow")
        found = source_revision.revision(tmp_path / "shallow" / "app")
        assert found.name == f"src.{source_revision.revision(context).hash}"

    @pytest.mark.parametrize("name", ["README.md", "x.pyc", "../other"])
    def test_what_is_not_sent_does_not_count(self, context: Path, name: str) -> None:
        before = source_revision.revision(context)
        (context / name).write_text("new")
        assert source_revision.revision(context) == before

    def test_changed_file_makes_it_dirty(self, context: Path) -> None:
        (context / "main.py").write_text("print(1)\n")
        found = source_revision.revision(context)
        assert found.name == f"{found.commit}-dirty.{found.hash}"

    def test_new_file_with_a_hard_name_makes_it_dirty(self, context: Path) -> None:
        (context / 'ü "x"').write_text("")
        assert source_revision.revision(context).dirty

    def test_ignored_by_git_but_sent_makes_it_dirty(self, context: Path) -> None:
        (context.parent / ".gitignore").write_text("secret\n")
        (context / "secret").write_text("")
        assert source_revision.revision(context).dirty

    def test_removed_file_makes_it_dirty(self, context: Path) -> None:
        (context / "main.py").unlink()
        assert source_revision.revision(context).dirty

    def test_execution_bit_counts(self, context: Path) -> None:
        before = source_revision.revision(context).hash
        (context / "main.py").chmod(0o755)
        assert source_revision.revision(context).hash != before

    def test_link_counts_by_its_target(self, context: Path) -> None:
        (context / "link").symlink_to("main.py")
        first = source_revision.revision(context).hash
        (context / "link").unlink()
        (context / "link").symlink_to("Dockerfile")
        assert source_revision.revision(context).hash != first

    def test_outside_of_a_checkout_it_is_a_hash(self, tmp_path: Path) -> None:
        (tmp_path / "Dockerfile").write_text("FROM scratch\n")
        found = source_revision.revision(tmp_path)
        assert found.name == f"src.{found.hash}"
        assert (found.commit, found.dirty, found.epoch) == ("", False, 0)

    def test_without_git(self, context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nonexistent")
        assert source_revision.revision(context).name.startswith("src.")

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(AnsibleLookupError, match="/missing' is no folder: a build context is a folder with"):
            source_revision.revision(tmp_path / "missing")


class TestPipFiles:
    def test_plain_machine_needs_none(self, tmp_path: Path) -> None:
        assert pip_files.pip_files({"HOME": str(tmp_path)}, []) == {}

    def test_later_files_and_the_environment_win(self, tmp_path: Path) -> None:
        first, second = tmp_path / "a", tmp_path / "b"
        first.write_text("[global]\nindex-url = https://one.example/simple\ntimeout = 5\n")
        second.write_text("[install]\nindex_url = https://two.example/simple\n[list]\nformat = json\n")
        found = pip_files.pip_files({"PIP_TIMEOUT": "9"}, [first, tmp_path / "missing", second])
        assert found == {"pip.conf": "[global]\nindex-url = https://two.example/simple\ntimeout = 9\n"}

    def test_several_indexes_stay_in_one_setting(self, tmp_path: Path) -> None:
        file = tmp_path / "pip.conf"
        file.write_text("[global]\nextra-index-url =\n    https://a.example\n    https://b.example\n")
        text = pip_files.pip_files({}, [file])["pip.conf"]
        file.write_text(text)
        assert pip_files.pip_files({}, [file])["pip.conf"] == text
        assert text.split() == ["[global]", "extra-index-url", "=", "https://a.example", "https://b.example"]

    def test_certificates_come_as_a_file(self, tmp_path: Path) -> None:
        bundle = tmp_path / "bundle"
        bundle.write_text("CERTIFICATE")
        assert pip_files.pip_files({"PIP_CERT": str(bundle)}, []) == {"ca-certificates.crt": "CERTIFICATE"}
        assert pip_files.pip_files({"REQUESTS_CA_BUNDLE": str(bundle)}, []) == {"ca-certificates.crt": "CERTIFICATE"}
        assert pip_files.pip_files({"PIP_CERT": str(tmp_path / "missing")}, []) == {}

    def test_places_are_those_of_pip(self) -> None:
        found = pip_files.configuration_files({"HOME": "/h", "PIP_CONFIG_FILE": "/x"})
        assert [str(path) for path in found] == [
            "/etc/xdg/pip/pip.conf",
            "/etc/pip.conf",
            "/h/.pip/pip.conf",
            "/h/.config/pip/pip.conf",
            "/x",
        ]


def finding(name: str, severity: str, fix: str = "yes") -> dict[str, str]:
    return {"id": name, "severity": severity, "package": "zlib", "version": "1.3", "uri": "", "fix": fix}


def judge(*findings: dict[str, str], waivers: Any = (), outcome: str = "COMPLETE", **more: Any) -> dict[str, Any]:
    info = {"scan": {"outcome": outcome, "reason": "ECR's words."}, "findings": list(findings)}
    judged: dict[str, Any] = scan_gate(
        info, "r:1", more.pop("threshold", "HIGH"), waivers, source="waivers.yml", today="2026-12-31", **more
    )
    return judged


class TestScanGate:
    def test_nothing_found(self) -> None:
        assert judge(waivers=[{"id": "CVE-9", "expires": "2000-01-01"}]) == {"passes": True, "text": ""}

    def test_a_severe_one_with_a_fix_stops(self) -> None:
        assert judge(finding("CVE-1", "MEDIUM"), finding("CVE-2", "HIGH"), finding("CVE-3", "CRITICAL")) == {
            "passes": False,
            "text": "r:1 has 2 finding(s) of HIGH or above with a fix:\n"
            "- CVE-2 HIGH zlib 1.3\n"
            "- CVE-3 CRITICAL zlib 1.3\n"
            "Update the package, or add its id with a reason and an end date to waivers.yml.",
        }

    @pytest.mark.parametrize("fix", ["no", "unknown"])
    def test_one_without_a_known_fix_is_reported(self, fix: str) -> None:
        assert judge(finding("CVE-2", "HIGH", fix)) == {
            "passes": True,
            "text": "r:1 has 1 finding(s) of HIGH or above without a known fix, which stop nothing: CVE-2",
        }

    def test_it_stops_who_asks_for_that(self) -> None:
        judged = judge(finding("CVE-2", "HIGH", "unknown"), unfixed=True)
        assert not judged["passes"]
        assert judged["text"].startswith("r:1 has 1 finding(s) of HIGH or above:\n- CVE-2 HIGH")

    @pytest.mark.parametrize("severity", ["UNDEFINED", "UNTRIAGED"])
    def test_a_severity_that_is_not_ranked_is_the_least(self, severity: str) -> None:
        assert judge(finding("CVE-4", severity), threshold="INFORMATIONAL") == {"passes": True, "text": ""}
        assert not judge(finding("CVE-4", severity), threshold="UNDEFINED")["passes"]

    def test_waiver_counts_on_its_last_day_only(self) -> None:
        assert judge(finding("CVE-2", "HIGH"), waivers=[{"id": "CVE-2", "expires": "2026-12-31"}])["passes"]
        late = judge(finding("CVE-2", "HIGH"), waivers=[{"id": "CVE-2", "expires": "2026-12-30"}])
        assert not late["passes"]
        assert late["text"].endswith("\nThese waivers have expired: CVE-2.")

    @pytest.mark.parametrize(
        ("outcome", "step"),
        [
            ("UNFINISHED", "Does the repository scan on push?"),
            ("UNSUPPORTED_IMAGE", "scan it by another tool"),
            ("FAILED", "Start it again"),
            ("LIMIT_EXCEEDED", "Start it again"),
        ],
    )
    def test_a_scan_without_a_result_stops_and_names_its_waiver(self, outcome: str, step: str) -> None:
        judged = judge(outcome=outcome)
        assert not judged["passes"]
        assert judged["text"].startswith(f"The scan of r:1 has no result: {outcome}, ECR's words. ")
        assert step in judged["text"]
        assert f"the waiver {{id: {outcome}, reason: ..., expires: YYYY-MM-DD}} in waivers.yml" in judged["text"]
        waived = judge(outcome=outcome, waivers=[{"id": outcome, "expires": "2026-12-31"}])
        assert waived == {
            "passes": True,
            "text": f"The scan of r:1 has no result: {outcome}, ECR's words. It is waived.",
        }


class TestBuildLog:
    def test_lines_then_the_reason(self) -> None:
        message = (
            "Error building x - code: 1, message: it failed, logs: ['Step 1\\n', ' ---> a\\n', '\\x1b[91mBad\\x1b[0m']"
        )
        assert build_log(message) == ["Step 1", " ---> a", "Bad", "Error building x - code: 1, message: it failed"]

    def test_a_message_that_is_cut_short(self) -> None:
        assert build_log("Error building x, logs: ['Step") == ["Error building x, logs: ['Step"]

    def test_no_log(self) -> None:
        assert build_log("one\n\ntwo") == ["one", "two"]


class Ecr:
    """Answers DescribeImageScanFindings in turn."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def describe_image_scan_findings(self, **_: Any) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer}}, "DescribeImageScanFindings")
        return answer


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecr_image_info, "SECONDS_BETWEEN_LOOKS", 0)


def scan(status: str, *findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"imageScanStatus": {"status": status}, "imageScanFindings": {"findings": list(findings)}, **more}


BASIC = {
    "name": "CVE-1",
    "severity": "HIGH",
    "uri": "https://example.org",
    "attributes": [{"key": "package_name", "value": "zlib"}, {"key": "package_version", "value": "1"}],
}
READ = {
    "id": "CVE-1",
    "severity": "HIGH",
    "package": "zlib",
    "version": "1",
    "uri": "https://example.org",
    "fix": "unknown",
}
ENDED = {"outcome": "COMPLETE", "reason": "ECR gives no reason"}


class TestFindings:
    def read(self, *answers: Any, timeout: float = 5) -> Any:
        return ecr_image_info.read_scan(Ecr(*answers), repository="r", tag="t", timeout=timeout)

    def test_waits_until_the_scan_is_done(self) -> None:
        answers = ("ScanNotFoundException", scan("IN_PROGRESS"), scan("COMPLETE", BASIC))
        assert self.read(*answers) == (ENDED, [READ])

    def test_reads_each_page(self) -> None:
        assert self.read(scan("COMPLETE", BASIC, nextToken="n"), scan("COMPLETE", BASIC)) == (ENDED, [READ, READ])

    @pytest.mark.parametrize(
        ("told", "fix"),
        [
            ({"fixAvailable": "YES"}, "yes"),
            ({"fixAvailable": "PARTIAL"}, "yes"),
            ({"fixAvailable": "NO"}, "no"),
            ({}, "unknown"),
        ],
    )
    def test_enhanced_scan(self, told: dict[str, str], fix: str) -> None:
        entry = {
            "severity": "HIGH",
            "packageVulnerabilityDetails": {
                "vulnerabilityId": "CVE-1",
                "sourceUrl": "https://example.org",
                "vulnerablePackages": [{"name": "zlib", "version": "1"}],
            },
            **told,
        }
        answer = {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {"enhancedFindings": [entry]}}
        assert self.read(answer) == ({**ENDED, "outcome": "ACTIVE"}, [{**READ, "fix": fix}])

    def test_scan_that_never_comes(self) -> None:
        ended = {"outcome": "UNFINISHED", "reason": "it is PENDING after 0 s"}
        assert self.read("ScanNotFoundException", timeout=0) == (ended, [])

    @pytest.mark.parametrize(
        ("status", "description", "outcome"),
        [
            ("FAILED", "InternalError", "FAILED"),
            ("FAILED", "UnsupportedImageError: The operating system is not supported.", "UNSUPPORTED_IMAGE"),
            ("UNSUPPORTED_IMAGE", "The image is not supported.", "UNSUPPORTED_IMAGE"),
            ("SCAN_ELIGIBILITY_EXPIRED", "Too old.", "SCAN_ELIGIBILITY_EXPIRED"),
        ],
    )
    def test_scan_without_a_result(self, status: str, description: str, outcome: str) -> None:
        answer = {"imageScanStatus": {"status": status, "description": description}}
        assert self.read(answer) == ({"outcome": outcome, "reason": description}, [])
