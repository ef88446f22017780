"""A Docker engine that only remembers: the one fake of these tests. Machines are named without the local cloud's prefix."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from itertools import count
from threading import Event, current_thread
from typing import TYPE_CHECKING

from docker.errors import APIError, ImageNotFound, NotFound
from requests.exceptions import ReadTimeout

from localcloud.docker.api import KIND, NAME, Container, Docker, Endpoint, Image, Network
from localcloud.docker.spec import ExecResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from localcloud.docker.spec import Attachment, File, MachineSpec


@dataclass(frozen=True)
class Executed:
    """A command that ran in a machine."""

    machine: str
    argv: tuple[str, ...]
    stdin: str | None


@dataclass
class FakeDocker(Docker):
    """Containers, networks, files and commands as they were asked for."""

    prefix: str = "test-"
    machines: dict[str, Container] = field(default_factory=dict)
    created: dict[str, MachineSpec] = field(default_factory=dict)
    entrypoints: dict[str, tuple[str, ...]] = field(default_factory=dict)
    networks_: dict[str, Network] = field(default_factory=dict)
    dynamic: dict[str, IPv4Network] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)  # machine -> path -> what was written there last
    executed: list[Executed] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)  # method, what it was about
    consoles: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, ExecResult] = field(default_factory=dict)  # first word of a command -> its answer
    answer: Callable[[str, Sequence[str]], ExecResult] | None = None  # decides instead of `answers`
    volumes: set[str] = field(default_factory=set)
    images_missing: set[str] = field(default_factory=set)
    fail: str = ""  # what creating and starting fail with
    fail_stops: int = 0  # as many of the next stops fail
    going: Event = field(default_factory=Event)  # cleared: the engine hangs
    patience: float = 0.5  # seconds until a client gives up
    is_locked: Callable[[], bool] = lambda: False  # whether the model's lock is held by the caller
    asked_under_lock: list[str] = field(default_factory=list)  # nobody may
    asked_by: list[str] = field(default_factory=list)  # names of threads
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.going.set()

    # -- what tests do
    def states(self) -> dict[str, str]:
        """States by machine."""
        return {name: container.state for name, container in self.machines.items()}

    def add_network(self, name: str, cidr: str, *, device: str = "") -> Network:
        """Have a network: somebody else's, or one that is made again under its name."""
        number = f"{next(self._numbers):012d}"
        network = Network(name=name, cidr=IPv4Network(cidr), id=number, device=device or f"br-{number}")
        self.networks_[name] = network
        return network

    def lose(self, name: str) -> None:
        """Remove a machine behind everybody's back."""
        del self.machines[name]

    def halt(self, name: str) -> None:
        """Stop a machine behind everybody's back."""
        self._set(name, "exited")

    # -- Docker
    def image(self, name: str) -> Image:
        self._ask("image", name)
        if name in self.images_missing:
            raise ImageNotFound(f"No such image: {name}")
        return Image(entrypoint=("/entry",), command=("/sbin/init",))

    def containers(self, *labels: str) -> list[Container]:
        self._ask("containers", "")
        kinds = {label.partition("=")[2] for label in labels if label.startswith(KIND)}
        return [each for each in self.machines.values() if not kinds or each.labels[KIND] in kinds]

    def container(self, name: str) -> Container | None:
        return self.machines.get(self._ask("container", name))

    def create(self, name: str, spec: MachineSpec, *, label: str, entrypoint: Sequence[str]) -> None:
        machine = self._ask("create", name)
        self._fail()
        self.image(spec.image)
        labels = {**spec.labels, label.partition("=")[0]: label.partition("=")[2], KIND: spec.kind, NAME: machine}
        self.machines[machine] = Container(
            name=name, state="created", running=False, labels=labels, endpoints={}, image=spec.image
        )
        self.volumes |= set(spec.named_volumes)
        self.created[machine], self.entrypoints[machine] = spec, tuple(entrypoint)
        self._join(machine, spec.attachments[0])

    def start(self, name: str) -> None:
        machine = self._ask("start", name)
        self._fail()
        self._set(machine, "running")

    def stop(self, name: str, *, seconds: int) -> None:
        machine = self._ask("stop", name)
        if self.fail_stops:
            self.fail_stops -= 1
            raise APIError("the engine restarts")
        self._set(machine, "exited")

    def restart(self, name: str, *, seconds: int) -> None:
        self._set(self._ask("restart", name), "running")

    def remove(self, name: str) -> None:
        machine = self._ask("remove", name)
        self._get(machine)
        del self.machines[machine]
        self.files.pop(machine, None)

    def remove_volume(self, name: str) -> None:
        self._ask("remove_volume", name)
        if name not in self.volumes:
            raise NotFound(f"no volume {name}")
        self.volumes.remove(name)

    def execute(
        self, name: str, argv: Sequence[str], *, stdin: bytes | None, env: Mapping[str, str] | None
    ) -> ExecResult:
        machine = self._ask("execute", name)
        self._get(machine)
        self.executed.append(Executed(machine, tuple(argv), stdin.decode() if stdin is not None else None))
        if self.answer is not None:
            return self.answer(machine, argv)
        return self.answers.get(argv[0], ExecResult(exit_code=0, output=""))

    def write(self, name: str, files: Mapping[str, File]) -> None:
        machine = self._ask("write", name)
        self._get(machine)
        self.files.setdefault(machine, {}).update({path: file.data.decode() for path, file in files.items()})

    def read(self, name: str, path: str) -> bytes:
        machine = self._ask("read", name)
        if path not in self.files.get(machine, {}):
            raise NotFound(f"no {path}")
        return self.files[machine][path].encode()

    def logs(self, name: str, *, lines: int) -> bytes:
        machine = self._ask("logs", name)
        self._get(machine)
        return self.consoles.get(machine, b"")

    def networks(self, *, name: str | None = None, label: str | None = None) -> list[Network]:
        self._ask("networks", name or "")
        return [
            each for each in self.networks_.values() if name in (None, each.name) and (not label or self._own(each))
        ]

    def create_network(self, name: str, *, cidr: IPv4Network, dynamic: IPv4Network, label: str) -> Network:
        self._ask("create_network", name)
        self.dynamic[name] = dynamic
        return self.add_network(name, str(cidr))

    def remove_network(self, name: str) -> None:
        self._ask("remove_network", name)
        if self.networks_.pop(name, None) is None:
            raise NotFound(f"no network {name}")

    def connect(self, name: str, attachment: Attachment) -> None:
        self._join(self._ask("connect", name), attachment)

    def disconnect(self, name: str, network: str) -> None:
        machine = self._ask("disconnect", name)
        left = {key: endpoint for key, endpoint in self._get(machine).endpoints.items() if key != network}
        self.machines[machine] = replace(self.machines[machine], endpoints=left)

    # -- helpers
    def _ask(self, method: str, about: str) -> str:
        machine = about.removeprefix(self.prefix)
        self.calls.append((method, machine))
        self.asked_by.append(current_thread().name)
        if self.is_locked():
            self.asked_under_lock.append(f"{method} {machine}")
        if not self.going.wait(self.patience):
            raise ReadTimeout("Read timed out.")
        return machine

    def _fail(self) -> None:
        if self.fail:
            raise APIError(self.fail)

    def _own(self, network: Network) -> bool:
        return network.name in self.dynamic

    def _get(self, machine: str) -> Container:
        if machine not in self.machines:
            raise NotFound(f"no container {machine}")
        return self.machines[machine]

    def _set(self, machine: str, state: str) -> None:
        self.machines[machine] = replace(self._get(machine), state=state, running=state == "running")

    def _join(self, machine: str, attachment: Attachment) -> None:
        if attachment.network not in self.networks_:
            raise NotFound(f"no network {attachment.network}")
        address = attachment.address or str(self.dynamic[attachment.network][next(self._numbers)])
        network_id = self.networks_[attachment.network].id
        endpoint = Endpoint(address=address, fixed=attachment.address, network_id=network_id)
        container = self._get(machine)
        self.machines[machine] = replace(container, endpoints={**container.endpoints, attachment.network: endpoint})
