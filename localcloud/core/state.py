"""Durable state: moto keeps everything in memory, so all its backends are pickled after each change.

moto's backends are plain Python objects in `BackendDict`s, one per service. They refer to each other, so they go into one
pickle; the backends themselves (module globals) are kept by name and filled anew. Bodies of S3 objects go into files of
their own, written once, so that a save does not grow with them.
"""

from __future__ import annotations

import contextlib
import copyreg
import functools
import gc
import hashlib
import io
import logging
import operator
import os
import pickle
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.iam.models import AWSManagedPolicy
from moto.s3.models import FakeKey
from moto.s3.utils import _VersionedKeyStore
from moto.ssm.models import ParameterDict

from localcloud.core import saved
from localcloud.core.backends import backends, used

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOG = logging.getLogger(__name__)
PRIVATE_KEYS = (RSAPrivateKey, EllipticCurvePrivateKey, Ed25519PrivateKey)
SMALL_BODY = 4096  # S3 bodies up to here stay in the pickle
UNSAVED = 74  # exit code of a process that could not save: EX_IOERR of sysexits.h

# what plain pickle cannot do; locks are made anew
copyreg.pickle(type(threading.Lock()), lambda _: (threading.Lock, ()))
copyreg.pickle(type(threading.RLock()), lambda _: (threading.RLock, ()))
PARAMETERS: Any = lambda d: (ParameterDict, (d.account_id, d.region_name), vars(d), None, iter(d.items()))  # noqa: E731
copyreg.pickle(ParameterDict, PARAMETERS)
VERSIONS: Any = lambda store: (key_store, (dict(store.lists()),))  # noqa: E731 - as items it has the newest versions only
copyreg.pickle(_VersionedKeyStore, VERSIONS)


class Model:
    """moto's backends as one thing: a lock, and a file that always has the last completed change.

    Saving is shared: while one thread writes, others change; the next save then has the changes of all of them. The model
    is locked only while it is pickled, not while it is written.

    A change that can't be saved ends the process, at once: nobody is told that it is done, nobody sees it, and the next
    start has the last one that was saved.
    """

    def __init__(self, folder: Path, *, end: Callable[[int], object] = os._exit) -> None:
        self.path = folder / "model.pickle"
        self.bodies = Bodies(folder / "bodies")
        self.save_seconds = 0.0
        self.lock = Hold(self)
        self._end = end
        self._saving = threading.Lock()
        self._changes = 0  # counted while the model is held
        self._saved = 0  # changes that are on disk

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the model for a change; saved when the thread lets go of it, also when the change fails half way."""
        with self.lock:
            try:
                yield
            finally:
                self._changes += 1
                self.lock.to_save = self._changes

    def save(self, change: int | None = None) -> None:
        """Write the model unless that change is on disk, or end the process."""
        with self._saving:
            if change is not None and self._saved >= change:
                return
            try:
                self._write()
            except Exception:
                LOG.critical(
                    "%s can't be saved: the server ends; `up` restores what was saved last", self.path, exc_info=True
                )
                self._end(UNSAVED)
                raise

    def _write(self) -> None:
        started = time.monotonic()
        with self.lock.quietly():
            changes = self._changes
            data, digests = self._pickled()
        saved.write(self.path, [f"{saved.HEADER}\n".encode(), data])
        self.bodies.forget_all_but(digests)
        self._saved = changes
        self.save_seconds = time.monotonic() - started

    def _pickled(self) -> tuple[bytes, set[str]]:
        everything = {
            service.service_name: {
                account: {
                    region: vars(backend)
                    for region, backend in regions.items()
                    if region == "aws" or not region.startswith("aws-")  # other partitions hold only constants
                }
                for account, regions in service.items()
            }
            for service in used()
        }
        buffer = io.BytesIO()
        pickler = _Pickler(buffer, self.bodies)
        gc.disable()  # nothing becomes garbage here, and looking for it takes a third of the time
        try:
            pickler.dump(everything)
        finally:
            gc.enable()
        return buffer.getvalue(), pickler.digests

    def load(self) -> bool:
        """Fill the backends from the file; False when there is none. Only before the first request."""
        if not self.path.exists():
            return False
        saved.check(self.path)
        with self.path.open("rb") as file:
            file.readline()
            everything = pickle.load(file)  # noqa: S301 - our own file, which only its owner reads and writes
        self.bodies.adopt()
        for service, accounts in everything.items():
            for account, regions in accounts.items():
                for region, attributes in regions.items():
                    vars(backends(service)[account][region]).update(attributes)
        _index_buckets()
        return True


def _index_buckets() -> None:
    """Tell S3 which buckets there are: without its index, CreateBucket would put an empty bucket over an old one."""
    s3 = backends("s3")
    for account, partition, backend in s3.iter_backends():
        s3.bucket_accounts |= dict.fromkeys(backend.buckets, (partition, account))


class Bodies:
    """S3 bodies by digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._digests: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._written: set[str] = set()

    def put(self, key: FakeKey) -> str:
        """Write the body unless it is there; its digest."""
        buffer = key._value_buffer  # noqa: SLF001 - made anew with each body, so it is what the digest belongs to
        digest = self._digests.get(buffer)
        if digest is None:
            body = key.value
            digest = hashlib.sha256(body).hexdigest()
            self._digests[buffer] = digest
            if digest not in self._written:
                saved.write(self.folder / digest, [body])
                self._written.add(digest)
        return digest

    def adopt(self) -> None:
        """Take what is in the folder as written, after a start, but for what a kill left half way."""
        for path in self.folder.glob(f"*{saved.UNFINISHED}"):
            path.unlink()
        self._written = {path.name for path in self.folder.glob("*")}

    def forget_all_but(self, wanted: set[str]) -> None:
        """Remove the bodies that no object has any more."""
        for digest in self._written - wanted:
            (self.folder / digest).unlink(missing_ok=True)
        self._written &= wanted


class Hold:
    """The model's lock: reentrant; what was changed is saved when its holder lets go."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._lock = threading.RLock()
        self._depth = 0
        self.to_save: int | None = None

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        change = None
        if self._depth == 0:
            change, self.to_save = self.to_save, None
        self._lock.release()
        if change is not None:
            self._model.save(change)

    @contextlib.contextmanager
    def quietly(self) -> Iterator[None]:
        """Hold without saving: for the save itself."""
        with self._lock:
            yield


class _Pickler(cloudpickle.Pickler):  # cloudpickle: moto has lambdas in defaultdicts
    """Backends (and the dicts of them) by name, private keys as PEM, S3 bodies as references.

    All by `reducer_override`, which is asked for instances only; `persistent_id` would be asked for every string.
    """

    def __init__(self, file: Any, bodies: Bodies) -> None:
        super().__init__(file)
        self.bodies = bodies
        self.digests: set[str] = set()
        self.names: dict[int, tuple[str, ...]] = {}
        for service in used():
            self.names[id(service)] = (service.service_name,)
            for account, regions in service.items():
                self.names[id(regions)] = (service.service_name, account)
                self.names |= {id(b): (service.service_name, account, region) for region, b in regions.items()}

    def reducer_override(self, obj: Any) -> Any:
        if name := self.names.get(id(obj)):
            return by_name, name
        if type(obj) is AWSManagedPolicy:  # 4 MB of constants
            return managed_policy, (obj.account_id, obj.partition, obj.arn)
        if isinstance(obj, PRIVATE_KEYS):
            pem = obj.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            return load_private_key, (pem,)
        if type(obj) is FakeKey and not obj._value_buffer.closed and obj.contentsize > SMALL_BODY:  # noqa: SLF001
            state = {k: v for k, v in vars(obj).items() if k not in ("_value_buffer", "lock")}
            digest = self.bodies.put(obj)
            self.digests.add(digest)
            return new_object, (FakeKey,), {**state, "value": Body(digest)}, None, None, _restore_key
        if type(obj) is Body:
            return read_body, (str(self.bodies.folder), obj.digest)
        if isinstance(obj, BackendDict | AccountSpecificBackend | BaseBackend):  # by value it would come back as a twin
            raise pickle.PicklingError(f"{type(obj).__name__} {id(obj)} is none of moto's own backends")
        return super().reducer_override(obj)


def by_name(service: str, *keys: str) -> Any:
    """Find a backend, or a dict of them, where moto has it."""
    return functools.reduce(operator.getitem, keys, backends(service))


def managed_policy(account: str, partition: str, arn: str) -> Any:
    """Find one of AWS's own policies."""
    return backends("iam")[account][partition].managed_policies[arn]


def read_body(folder: str, digest: str) -> bytes:
    """Read an S3 object's body."""
    return (Path(folder) / digest).read_bytes()


class Body:
    """A reference to a body in its own file, while pickling."""

    def __init__(self, digest: str) -> None:
        self.digest = digest


def key_store(versions: dict[str, list[Any]]) -> _VersionedKeyStore:
    """Make the store of a bucket's objects with all their versions."""
    store = _VersionedKeyStore()
    for key, found in versions.items():
        store.setlist(key, found)
    return store


def new_object(cls: type) -> Any:
    """Make an object without its constructor: its state follows in the pickle."""
    return object.__new__(cls)


def _restore_key(key: FakeKey, state: dict[str, Any]) -> None:
    key.__setstate__(state)


def load_private_key(pem: bytes) -> Any:
    """Turn a pickled private key back into an object."""
    return load_pem_private_key(pem, None)
