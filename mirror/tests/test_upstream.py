"""The way that people with a network go: every row of the table from an upstream of our own, and what may go wrong on it."""

import dataclasses
import hashlib
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from mirror import gobuild, settings
from mirror.artefacts import ArtefactBuilder
from mirror.errors import MirrorError
from mirror.fetch import Fetcher, Limits, retry_after
from mirror.settings import SOURCE, Settings
from mirror.table import Upstream, read_table
from mirror.terraform import TerraformBuilder
from mirror.tests.makers import GITHUB_FILES, KUBERNETES_FILES, packed, published
from mirror.tests.release_server import Fault, Releases, Way, serving
from mirror.upstream import HttpUpstream, NoUpstream, find_checksum
from setup import clean

TABLE = read_table(SOURCE / settings.TABLE)
FETCHED = {name: artefact for name, artefact in TABLE.items() if artefact.upstream}
TOOL = "https://example.org/tool-1.0.linux-amd64.tar.gz"
SUMS = "https://example.org/sums"
QUICK = Limits(pause=0.01, silence=20, slow=20, whole=60)


@pytest.fixture(scope="module")
def releases() -> Releases:
    return Releases(files={**published(FETCHED.values())})


@pytest.fixture(scope="module")
def way(releases: Releases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    releases.hosts |= {"example.org", "other.example.org"}
    with serving(releases, tmp_path_factory.mktemp("upstream")) as found:
        yield found


@pytest.fixture
def _environment(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a caller behind a proxy with a CA of its own has set."""
    for name, value in way.variables.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def tool(releases: Releases) -> Iterator[bytes]:
    """A release of its own, in the maker's layout, 200 kB."""
    content = packed({"tool-1.0.linux-amd64/tool": b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(6000))})
    releases.files |= {
        TOOL: content,
        SUMS: f"{hashlib.sha256(content).hexdigest()}  {TOOL.rpartition('/')[2]}\n".encode(),
    }
    yield content
    releases.faults.clear()
    releases.asked.clear()
    releases.ranges, releases.answer = True, lambda _: None


@pytest.fixture
def fetching(_environment: None, builder: ArtefactBuilder, said: list[str]) -> ArtefactBuilder:
    """Makes the row `tool` as the command line does."""
    assert builder.artefacts["tool"].upstream
    release = Upstream(url=TOOL, checksum=SUMS)
    row = dataclasses.replace(builder.artefacts["tool"], upstream=release)
    outside = HttpUpstream(say=said.append, limits=QUICK)
    return dataclasses.replace(builder, artefacts={"tool": row}, upstream=outside)


def whole_builder(folder: Path, said: list[str]) -> ArtefactBuilder:
    """Makes all rows of the table from this checkout's sources into a folder."""
    where = Settings(cache=folder / "cache", state=folder / "state")
    return ArtefactBuilder(settings=where, artefacts=TABLE, upstream=HttpUpstream(say=said.append), say=said.append)


@pytest.mark.usefixtures("_environment")
@pytest.mark.parametrize("name", FETCHED)
def test_every_row_comes_from_its_makers_as_roles_and_images_take_it(
    name: str, tmp_path: Path, said: list[str]
) -> None:
    builder = whole_builder(tmp_path, said)
    artefact = FETCHED[name]
    assert builder.fetches(name)
    assert builder.ensure(name) == "upstream"
    assert said == []
    record = builder.current(name)
    assert record
    assert (record.origin, record.reason, [*record.sums]) == ("upstream", "", [*artefact.outputs])
    served = builder.settings.artefacts
    if not artefact.is_archive:
        for program in artefact.programs:
            done = subprocess.run([served / artefact.path / program], capture_output=True, text=True, check=True)
            assert done.stdout == f"{program}\n"
        return
    # role `release` leaves out the folder at the top, whatever its name; images name it
    unpack = ["tar", "--strip-components=1", "-xzf", str(served / artefact.path), "-C", str(tmp_path)]
    subprocess.run(unpack, check=True)
    for program in artefact.programs or ("bin/grafana",):
        assert (tmp_path / program).is_file()
    if artefact.programs:
        with tarfile.open(served / artefact.path) as archive:
            assert f"{artefact.root}/{artefact.programs[0]}" in archive.getnames()


@pytest.mark.usefixtures("_environment")
def test_makers_redirect_and_each_host_is_probed_once(releases: Releases, tmp_path: Path, said: list[str]) -> None:
    releases.asked.clear()
    builder = whole_builder(tmp_path, said)
    for name in ("kubernetes", "etcd", "coredns"):
        builder.ensure(name)
    probes = [
        line
        for line in releases.asked
        if line.startswith("HEAD ") and not any(host in line for host in (GITHUB_FILES, KUBERNETES_FILES))
    ]
    assert [line.split("/")[2] for line in probes] == ["dl.k8s.io", "github.com"]
    assert any(f"GET https://{GITHUB_FILES}/" in line for line in releases.asked)
    assert any(f"GET https://{KUBERNETES_FILES}/" in line for line in releases.asked)


def left_over(builder: ArtefactBuilder) -> list[Path]:
    return [*builder.settings.work.glob("tmp-*"), *builder.settings.artefacts.glob("**/*")]


def test_one_that_breaks_off_is_gone_on_with(
    fetching: ArtefactBuilder, releases: Releases, tool: bytes, said: list[str]
) -> None:
    releases.faults[TOOL] = Fault(times=2, breaks_after=65536)
    assert fetching.ensure("tool") == "upstream"
    assert (fetching.settings.artefacts / TOOL.rpartition("/")[2]).read_bytes() == tool
    first, second = said
    path = "example.org/tool-1.0.linux-amd64.tar.gz"
    assert first == f"{path}: broke off after 65536 of {len(tool)} bytes; try 2 of 5 in 0 s"
    assert second == f"{path}: broke off after 131072 of {len(tool)} bytes; try 3 of 5 in 0 s"


def test_one_that_breaks_off_is_begun_anew_where_the_server_has_no_ranges(
    fetching: ArtefactBuilder, releases: Releases, tool: bytes, said: list[str]
) -> None:
    releases.ranges = False
    releases.faults[TOOL] = Fault(breaks_after=65536)
    assert fetching.ensure("tool") == "upstream"
    assert len(said) == 1
    assert (fetching.settings.artefacts / TOOL.rpartition("/")[2]).read_bytes() == tool


@pytest.mark.parametrize(
    ("fault", "told"), [(Fault(breaks_after=10), "broke off after 10 of "), (Fault(piece=10, pause=2), "timed out")]
)
def test_a_checksum_file_that_breaks_off_is_asked_for_again(
    fault: Fault, told: str, fetching: ArtefactBuilder, releases: Releases, tool: bytes, said: list[str]
) -> None:
    releases.faults[SUMS] = dataclasses.replace(fault)
    outside = HttpUpstream(say=said.append, limits=dataclasses.replace(QUICK, silence=1))
    assert dataclasses.replace(fetching, upstream=outside).ensure("tool") == "upstream"
    (line,) = said
    assert line.startswith("example.org/sums: broke off")
    assert told in line


def test_one_that_always_breaks_off_ends_with_the_next_step_and_keeps_nothing(
    fetching: ArtefactBuilder, releases: Releases, tool: bytes, said: list[str]
) -> None:
    releases.ranges = False
    releases.faults[TOOL] = Fault(times=99, breaks_after=1000)
    with pytest.raises(
        MirrorError,
        match=rf"tool 1.0: {TOOL}: broke off after 1000 of {len(tool)} bytes, after 5 tries; try again later "
        r"\(`python -m mirror build tool --no-upstream` makes it without\)",
    ):
        fetching.ensure("tool")
    assert len(said) == 4
    assert not left_over(fetching)


def test_a_slow_one_is_left_and_gone_on_with(
    fetching: ArtefactBuilder, releases: Releases, tool: bytes, said: list[str]
) -> None:
    releases.faults[TOOL] = Fault(piece=100, pause=0.05)
    limits = dataclasses.replace(QUICK, slow=0.3, slow_bytes=4096)
    outside = HttpUpstream(say=said.append, limits=limits)
    assert dataclasses.replace(fetching, upstream=outside).ensure("tool") == "upstream"
    assert "tool-1.0.linux-amd64.tar.gz: too slow: " in said[0]
    assert (fetching.settings.artefacts / TOOL.rpartition("/")[2]).read_bytes() == tool


def test_a_wrong_checksum_is_refused_at_once_and_nothing_kept(
    fetching: ArtefactBuilder, releases: Releases, tool: bytes, said: list[str]
) -> None:
    releases.files[SUMS] = f"{'0' * 64}  {TOOL.rpartition('/')[2]}\n".encode()
    found = hashlib.sha256(tool).hexdigest()
    with pytest.raises(
        MirrorError,
        match=rf"tool 1.0: {TOOL}: checksum mismatch: expected 0{{64}} \(from {SUMS}\), got {found}; nothing was kept",
    ):
        fetching.ensure("tool")
    assert said == []
    assert releases.asked_for(TOOL) == 1
    assert fetching.current("tool") is None
    assert not left_over(fetching)


def with_go(builder: ArtefactBuilder, monkeypatch: pytest.MonkeyPatch) -> ArtefactBuilder:
    """Let the row `tool` have another way, which takes no time."""

    def build(_module: Path, packages: dict[str, str], target: Path, **_: object) -> None:
        target.mkdir(parents=True)
        for name in packages:
            (target / name).write_text("built")

    monkeypatch.setattr(gobuild, "build", build)
    wrapper = builder.settings.source / settings.WRAPPERS / "etcd"
    wrapper.mkdir(parents=True)
    (wrapper / "go.mod").write_text("module example\n")
    row = dataclasses.replace(builder.artefacts["tool"], go=TABLE["etcd"].go)
    return dataclasses.replace(builder, artefacts={"tool": row})


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.parametrize("missing", [TOOL, SUMS])
def test_a_file_that_a_host_does_not_give_is_built_and_said_so(
    status: int,
    missing: str,
    fetching: ArtefactBuilder,
    releases: Releases,
    tool: bytes,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    releases.faults[missing] = Fault(status=status)
    builder = with_go(fetching, monkeypatch)
    assert builder.fetches("tool")
    assert builder.ensure("tool") == "built"
    reason = f"example.org answered {status} for {missing.removeprefix('https://example.org')}"
    assert said == [f"tool: {reason}: building 1.0 from its Go module"]
    record = builder.current("tool")
    assert record
    assert (record.origin, record.reason) == ("built", reason)


def test_a_file_whose_checksum_is_at_a_host_that_cannot_be_reached_is_built(
    fetching: ArtefactBuilder, tool: bytes, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = with_go(fetching, monkeypatch)
    release = Upstream(url=TOOL, checksum="https://nowhere.example.org/sums")
    row = dataclasses.replace(builder.artefacts["tool"], upstream=release)
    assert dataclasses.replace(builder, artefacts={"tool": row}).ensure("tool") == "built"
    (line,) = said
    assert line.startswith("tool: nowhere.example.org can't be reached (")


def test_a_file_that_a_host_does_not_give_ends_where_there_is_no_other_way(
    fetching: ArtefactBuilder, releases: Releases, tool: bytes
) -> None:
    releases.faults[TOOL] = Fault(status=404)
    with pytest.raises(
        MirrorError, match=r"tool: example.org answered 404 for /tool-1.0.*the table knows no other way"
    ):
        fetching.ensure("tool")
    assert not left_over(fetching)


def test_a_host_that_asks_to_wait_is_asked_again_then(
    fetching: ArtefactBuilder, releases: Releases, tool: bytes, said: list[str]
) -> None:
    releases.faults[TOOL] = Fault(times=1, status=429, headers={"Retry-After": "1"})
    releases.faults[SUMS] = Fault(times=2, status=503)
    started = time.monotonic()
    assert fetching.ensure("tool") == "upstream"
    assert time.monotonic() - started >= 1
    assert said == [
        "example.org/sums: example.org answered 503; try 2 of 5 in 0 s",
        "example.org/sums: example.org answered 503; try 3 of 5 in 0 s",
        "example.org/tool-1.0.linux-amd64.tar.gz: example.org answered 429; try 2 of 5 in 1 s",
    ]


def test_a_host_that_asks_to_wait_for_long_is_not_waited_for(
    fetching: ArtefactBuilder, releases: Releases, tool: bytes, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    releases.faults[SUMS] = Fault(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(
        MirrorError, match=r"sums: example.org answered 429, and asks to wait 3600 s; try again after that"
    ):
        with_go(fetching, monkeypatch).ensure("tool")
    assert said == []


def test_both_forms_of_a_wait_are_read() -> None:
    assert retry_after("120") == 120
    in_a_minute = retry_after(formatdate(time.time() + 60, usegmt=True))
    assert in_a_minute
    assert 50 < in_a_minute <= 60
    assert retry_after("soon") is None
    assert retry_after(None) is None


def test_a_redirect_out_of_https_is_refused(fetching: ArtefactBuilder, releases: Releases, tool: bytes) -> None:
    releases.faults[TOOL] = Fault(times=9, location="http://example.org/plain")
    with pytest.raises(MirrorError, match=r"leads to http://example.org/plain; upstream's address must be https"):
        fetching.ensure("tool")


@pytest.mark.usefixtures("_environment")
def test_a_host_behind_a_redirect_that_cannot_be_reached_is_the_one_that_is_named(
    releases: Releases, tool: bytes, said: list[str]
) -> None:
    releases.files["https://other.example.org/moved"] = b""
    releases.answer = lambda url: (
        (302, {"Location": "https://nowhere.example.org/x"}, b"") if url.endswith("/away") else None
    )
    upstream = HttpUpstream(say=said.append)
    why = upstream.unreachable("https://example.org/away")
    assert (
        why
        == "nowhere.example.org can't be reached (Tunnel connection failed: 502 nobody stands for nowhere.example.org)"
    )
    assert upstream.unreachable("https://example.org/tool") == why  # asked once
    assert upstream.unreachable("https://other.example.org/tool") == ""  # a host's trouble is not another's
    assert releases.asked == ["HEAD https://example.org/away", "HEAD https://other.example.org/tool"]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        *((status, "") for status in (404, 405, 429, 503)),
        *((status, f"example.org answered {status} for /some/file") for status in (403, 451)),
    ],
)
@pytest.mark.usefixtures("_environment")
def test_a_host_that_answers_is_reachable_unless_it_refuses(
    status: int, why: str, releases: Releases, tool: bytes, said: list[str]
) -> None:
    releases.answer = lambda _: (status, {}, b"")
    assert HttpUpstream(say=said.append).unreachable("https://example.org/some/file") == why


def test_a_certificate_that_is_not_trusted_names_the_setting(
    way: Way, monkeypatch: pytest.MonkeyPatch, tool: bytes, said: list[str]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", way.proxy)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert HttpUpstream(say=said.append).unreachable(TOOL) == (
        "example.org can't be reached (unable to get local issuer certificate; "
        "where a proxy signs anew, let SSL_CERT_FILE name a file with its CA)"
    )


def test_plain_http_is_refused(said: list[str]) -> None:
    with pytest.raises(
        MirrorError, match=r"http://example.org/x: is no address of HTTPS; upstream's address must be https"
    ):
        HttpUpstream(say=said.append).unreachable("http://example.org/x")


def test_no_upstream_says_that_nobody_asked(tmp_path: Path) -> None:
    assert NoUpstream().unreachable("https://example.org/x") == "not asked: example.org (--no-upstream)"
    with pytest.raises(MirrorError, match="because of --no-upstream"):
        NoUpstream().download(TOOL, tmp_path / "x", checksum=SUMS)


@pytest.mark.usefixtures("_environment")
def test_a_silent_server_is_left_after_its_time(releases: Releases, tool: bytes, tmp_path: Path) -> None:
    releases.faults[TOOL] = Fault(times=9, piece=65536, pause=3)
    limits = dataclasses.replace(QUICK, silence=0.3, tries=2)
    said: list[str] = []
    with pytest.raises(MirrorError, match="after 2 tries; try again later"):
        Fetcher(say=said.append, limits=limits).file(TOOL, tmp_path / "x")
    assert "broke off (" in said[0]
    assert "timed out" in said[0]


ONE, TWO = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{ONE}  tool.tgz\n{TWO}  other.tgz\n", "tool.tgz"),
        (f"{TWO} *other.tgz\r\n{ONE} *tool.tgz\r\n", "tool.tgz"),
        (f"{TWO}  other.tgz\n{ONE}  ./dist/tool.tgz\n", "tool.tgz"),
        (ONE, "kubectl"),
        (f"{ONE}\n", "kubectl"),
        (f"{ONE}  dist/grafana_12.4.3_24388279614_linux_amd64.tar.gz\n", "grafana-12.4.3.linux-amd64.tar.gz"),
        (f'{{"assets": [{{"name": "x", "digest": null}}, {{"name": "tool", "digest": "sha256:{ONE}"}}]}}', "tool"),
    ],
)
def test_each_makers_form_of_a_checksum_is_read(text: str, name: str) -> None:
    assert find_checksum(text, name=name, where="x") == ONE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{ONE}  a\n{TWO}  b\n", "https://x: has no SHA-256 for tool"),
        ("<html>log in</html>", "https://x: has no SHA-256 for tool"),
        ('{"message": "Not Found"}', "https://x: has no digest sha256 of tool; it has no assets"),
        ('{"assets": [{"name": "tool", "digest": null}]}', "https://x: has no digest sha256 of tool; it has tool"),
    ],
)
def test_a_checksum_that_is_not_there_is_named(text: str, why: str) -> None:
    with pytest.raises(MirrorError, match=why):
        find_checksum(text, name="tool", where="https://x")


@pytest.mark.usefixtures("_environment")
def test_terraform_itself_is_fetched_where_there_is_none(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    where = Settings(cache=tmp_path / "cache", state=tmp_path / "state")
    builder = TerraformBuilder(settings=where, upstream=HttpUpstream(say=said.append), say=said.append)
    program = tmp_path / "cache/terraform/bin/terraform"
    assert builder.program() == (str(program), f"1.11.4 (put {program.parent} on PATH)")
    assert builder.program() == (str(program), "1.11.4")


def test_the_command_line_reaches_it_by_the_callers_proxy_and_certificates(way: Way, tmp_path: Path) -> None:
    variables = clean.environment({"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **way.variables})
    variables |= {"BEACON_CACHE": str(tmp_path / "cache"), "BEACON_STATE": str(tmp_path / "state")}
    command = [sys.executable, "-m", "mirror", "build", "node_exporter", "coredns"]
    done = subprocess.run(command, env=variables, cwd=SOURCE, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    for name in ("node_exporter", "coredns"):
        assert f"s upstream  {name}\n" in done.stderr
