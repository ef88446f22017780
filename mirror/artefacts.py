"""Artefacts: current in the cache, downloaded, or built to the same layout."""

import importlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mirror import gobuild
from mirror.additions import with_additions
from mirror.errors import MirrorError
from mirror.fetch import NotGivenError
from mirror.files import lock, pack, publish, sha256, unpack_member, workspace, write_atomically
from mirror.records import Record, Records, checksum_lines
from mirror.settings import DOUBLES, WRAPPERS, Settings
from mirror.table import Artefact, GoBuild, PythonSource
from mirror.table import Upstream as Release
from mirror.upstream import Upstream


@dataclass(frozen=True, kw_only=True)
class ArtefactBuilder:
    """Makes artefacts; each step goes into a temporary folder and is renamed into place at the end."""

    settings: Settings
    artefacts: Mapping[str, Artefact]
    upstream: Upstream
    say: Callable[[str], None]

    @property
    def records(self) -> Records:
        """Outside of the served folder."""
        return Records(self.settings.work / "records")

    def current(self, name: str) -> Record | None:
        """Return the record, if it is of this very recipe and its files exist."""
        artefact = self.artefacts[name]
        record = self.records.read(name)
        if record is None or record.recipe != artefact.digest(self.settings.source):
            return None
        return record if all((self.settings.artefacts / output).exists() for output in artefact.outputs) else None

    def ensure(self, name: str) -> str:
        """Have the artefact in the served folder; how that came about."""
        artefact = self.artefacts[name]
        with lock(self.settings.work / "locks" / f"artefact-{name}", say=self.say):
            if self.current(name):
                return "present"
            started = time.monotonic()
            with workspace(self.settings.work) as folder:
                origin, reason = self._make(artefact, folder)
                sums = {output: sha256(folder / output) for output in artefact.outputs}
                for output in artefact.outputs:
                    publish(folder / output, self.settings.artefacts / output)
            seconds = round(time.monotonic() - started, 1)
            recipe = artefact.digest(self.settings.source)
            record = Record(recipe=recipe, origin=origin, reason=reason, seconds=seconds, sums=sums)
            self.records.write(name, record)
            return origin

    def compiles(self, name: str) -> bool:
        """Whether it will be compiled here, by all cores."""
        artefact = self.artefacts[name]
        return bool(artefact.go) and not self.current(name) and bool(self._unreachable(artefact))

    def fetches(self, name: str) -> bool:
        """Whether it will be downloaded, as far as its host's answer tells."""
        artefact = self.artefacts[name]
        return not self.current(name) and bool(artefact.python or not self._unreachable(artefact))

    def _unreachable(self, artefact: Artefact) -> str:
        """Why upstream's release can't be had; empty when it can: the host of its checksum is needed, too."""
        if not artefact.upstream:
            return "upstream publishes no such file"
        first = (*artefact.programs, "")[0]
        addresses = (text.replace("{program}", first) for text in (artefact.upstream.url, artefact.upstream.checksum))
        return next(filter(None, map(self.upstream.unreachable, addresses)), "")

    def write_checksums(self) -> Path:
        """Write sha256sums.txt over everything that is in the cache."""
        present = {name: record for name in self.artefacts if (record := self.current(name))}
        target = self.settings.artefacts / "sha256sums.txt"
        with lock(self.settings.work / "locks" / "sums", say=self.say):
            write_atomically(target, checksum_lines(present))
        return target

    def _make(self, artefact: Artefact, folder: Path) -> tuple[str, str]:
        """Make it in the folder: its origin, and why it is not upstream's."""
        if artefact.python:
            self._source_release(artefact, artefact.python, folder)
            return "upstream", ""
        reason = self._unreachable(artefact)
        if artefact.upstream and not reason:
            try:
                self._download(artefact, artefact.upstream, folder)
            except NotGivenError as error:
                # the one failure that stays; it says nothing against what the host has besides
                reason = str(error)
                if not artefact.is_archive:  # the programs that came before
                    shutil.rmtree(folder / artefact.path)
            except MirrorError as error:
                way = f"`python -m mirror build {artefact.name} --no-upstream` makes it without"
                raise MirrorError(f"{artefact.name} {artefact.version}: {error} ({way})") from error
            else:
                return "upstream", ""
        if artefact.go:
            self.say(f"{artefact.name}: {reason}: building {artefact.version} from its Go module")
            self._build(artefact, artefact.go, folder)
            return "built", reason
        if artefact.double:
            self.say(f"{artefact.name}: {reason}: a double stands in")
            self._double(artefact, folder)
            return "double", reason
        raise MirrorError(f"{artefact.name}: {reason}, and the table knows no other way to make it")

    def _download(self, artefact: Artefact, release: Release, folder: Path) -> None:
        target = folder / artefact.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if artefact.is_archive:
            self.upstream.download(release.url, target, checksum=release.checksum)
            return
        target.mkdir()
        if release.members:
            archive = folder / f"{artefact.name}.archive"
            self.upstream.download(release.url, archive, checksum=release.checksum)
            for program, member in release.members.items():
                unpack_member(archive, member, target / program)
            return
        for program in artefact.programs:
            addresses = (one.replace("{program}", program) for one in (release.url, release.checksum))
            url, checksum = addresses
            self.upstream.download(url, target / program, checksum=checksum)
            (target / program).chmod(0o755)

    def _source_release(self, artefact: Artefact, source: PythonSource, folder: Path) -> None:
        """Let pip download it, by this machine's configuration; this environment has none of its own."""
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, timeout=300)
        wanted = folder / "requirements.txt"
        wanted.write_text(f"{source.project}=={artefact.version} --hash=sha256:{source.sha256}\n")
        command = [str(folder / "venv" / "bin" / "pip"), "--disable-pip-version-check", "download", "--quiet"]
        options = ["--no-deps", "--no-binary", source.project, "--require-hashes", "--dest", str(folder)]
        done = subprocess.run(
            [*command, *options, "-r", str(wanted)], capture_output=True, text=True, check=False, timeout=900
        )
        if done.returncode:
            raise MirrorError(f"{artefact.name}: pip can't download {wanted.read_text()}{done.stderr.strip()[-2000:]}")

    def _build(self, artefact: Artefact, go: GoBuild, folder: Path) -> None:
        wrapper, cache = self.settings.source / WRAPPERS / go.wrapper, self.settings.cache
        tree = folder / artefact.root if artefact.is_archive else folder / artefact.path
        module = gobuild.module_directory(wrapper, go.module, cache=cache) if go.module else None
        if module and go.additions:
            wrapper = self._with_additions(wrapper, go, module, folder)
        gobuild.build(wrapper, go.packages, tree, cache=cache, ldflags=go.ldflags, tags=go.tags)
        if module:
            for inner, source in go.files.items():
                shutil.copyfile(module / source, tree / inner)
        if artefact.is_archive:
            pack(tree, folder / artefact.path)

    def _with_additions(self, wrapper: Path, go: GoBuild, module: Path, folder: Path) -> Path:
        """Return a copy of the wrapper that builds a copy of the module which has our files, too."""
        with_additions(module, go.additions, wrapper, folder / "module")
        shutil.copytree(wrapper, folder / "wrapper")
        gobuild.replace(folder / "wrapper", go.module, folder / "module", cache=self.settings.cache)
        return folder / "wrapper"

    def _double(self, artefact: Artefact, folder: Path) -> None:
        """Let the double make its own tree: doubles/<name>/build.py has build(target, version=…, cache=…)."""
        tree = folder / artefact.root
        importlib.import_module(f"{DOUBLES}.{artefact.double}.build").build(
            tree, version=artefact.version, cache=self.settings.work
        )
        pack(tree, folder / artefact.path)
