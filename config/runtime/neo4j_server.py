"""A Neo4j 5 Community under `var/neo4j`, for machines without Docker.

Maven fetches the jars that `deploy/neo4j/pom.xml` names, once; Java 17 or 21 runs them
in the foreground. While the server runs, `address.json` holds its address and the
password, which is made at the first start; `recommender.graph.mirror.address` reads it.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Self

from recommender.graph.mirror.address import Address, listens

USER = "neo4j"
DEFAULT_PORT = 7687
START_TIMEOUT = 300.0  # seconds; 5 on an idle machine
STOP_TIMEOUT = 30.0  # seconds; after them it is killed, which loses nothing committed
POM = Path(__file__).resolve().parents[2] / "deploy" / "neo4j" / "pom.xml"
PR_SET_PDEATHSIG = 1


class ServerError(Exception):
    """The server cannot be fetched or started; the message has the solution."""


def fetch(root: Path) -> Path:
    """The folder of jars; fetched if it is incomplete or of another version."""
    lib, marker = root / "lib", root / "lib" / ".complete"
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    if marker.exists() and marker.read_text() == wanted:
        return lib
    if shutil.which("mvn") is None:
        raise ServerError("Maven is not installed; it fetches Neo4j (116 MB).")
    shutil.rmtree(lib, ignore_errors=True)
    lib.mkdir(parents=True)
    command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies"]
    done = subprocess.run([*command, f"-DoutputDirectory={lib}"], check=False)
    if done.returncode:
        raise ServerError("Maven could not fetch Neo4j; see its messages above.")
    marker.write_text(wanted)
    return lib


@dataclass
class Server:
    """One server with its data under `root`; `with` starts it and stops it.

    `output` is a file descriptor for Java's output; None for that of this process.
    """

    root: Path
    lib: Path
    port: int = DEFAULT_PORT
    heap: str = "1g"
    output: int | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> Address:
        return Address(f"bolt://127.0.0.1:{self.port}", USER, _password(self.root))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start, wait until it accepts log-ins, set the password, publish the address.

        Raises `ServerError`.
        """
        java = shutil.which("java")
        if java is None:
            raise ServerError("Java is not installed; Neo4j 5 runs on Java 17 or 21.")
        if listens(self.port):
            raise ServerError(f"Port {self.port} is taken: choose another (--port).")
        _configure(self.root, self.port)
        self.process = subprocess.Popen(
            [java, *_java_options(self.heap, self.lib), *_server_options(self.root)],
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
            process_group=0,  # Ctrl-C reaches the parent alone, which stops it in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        try:
            self._await_login()
        except BaseException:
            self.kill()
            raise
        _write_secret(self.root / "address.json", json.dumps(asdict(self.address)))

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def wait(self) -> int:
        return self.process.wait() if self.process else 0

    def _end(self, number: int) -> None:
        (self.root / "address.json").unlink(missing_ok=True)
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _await_login(self) -> None:
        """Wait for Bolt and a log-in; set the first password if necessary."""
        from neo4j import GraphDatabase
        from neo4j.exceptions import AuthError, ServiceUnavailable

        deadline = time.monotonic() + START_TIMEOUT
        auth = (USER, self.address.password)
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            if listens(self.port):
                try:
                    with GraphDatabase.driver(self.address.uri, auth=auth) as driver:
                        driver.verify_connectivity()
                    return
                except ServiceUnavailable:
                    pass
                except AuthError:
                    self._set_first_password()
            time.sleep(0.1)
        log = self.root / "home" / "logs" / "neo4j.log"
        raise ServerError(f"Neo4j did not start; see above and {log}")

    def _set_first_password(self) -> None:
        from neo4j import GraphDatabase
        from neo4j.exceptions import AuthError

        with GraphDatabase.driver(self.address.uri, auth=(USER, USER)) as driver:
            try:
                driver.execute_query(
                    f"ALTER CURRENT USER SET PASSWORD FROM '{USER}' TO $new",
                    new=self.address.password,
                    database_="system",
                )
            except AuthError:
                raise ServerError(
                    f"{self.root}/password is not the password of {USER}: correct it, "
                    f"or delete {self.root / 'home'} to start empty."
                ) from None


def run(root: Path, *, port: int, heap: str) -> int:
    """Fetch what is missing and serve until SIGINT or SIGTERM; Java's exit status."""
    server = Server(root=root, lib=fetch(root), port=port, heap=heap)

    def stop(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    with server:
        address = server.address
        print(f"Neo4j is at {address.uri} (user {address.user}); Ctrl-C stops it.")
        print(f"Its password is in {root / 'password'}", flush=True)
        return server.wait()


def _configure(root: Path, port: int) -> None:
    home = root / "home"
    (home / "conf").mkdir(parents=True, exist_ok=True)
    folders = ("data", "logs", "run", "plugins", "import")
    lines = [f"server.directories.{name}={home / name}" for name in folders]
    lines += [
        "server.default_listen_address=127.0.0.1",
        "server.bolt.enabled=true",
        f"server.bolt.listen_address=127.0.0.1:{port}",
        f"server.bolt.advertised_address=127.0.0.1:{port}",
        "server.http.enabled=false",
        "server.https.enabled=false",
        "dbms.security.auth_enabled=true",
        "dbms.usage_report.enabled=false",
        "server.memory.pagecache.size=256m",
        "db.tx_log.rotation.retention_policy=1 files",
    ]
    (home / "conf" / "neo4j.conf").write_text("\n".join(lines) + "\n")


def _java_options(heap: str, lib: Path) -> list[str]:
    opened = ("java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch")
    return [
        *("-Xms256m", f"-Xmx{heap}", "-XX:+UseG1GC", "-Dfile.encoding=UTF-8"),
        *("-Dio.netty.tryReflectionSetAccessible=true", "-Dlog4j2.disable.jmx=true"),
        *(f"--add-opens={package}=ALL-UNNAMED" for package in opened),
        *("-cp", f"{lib}/*"),
    ]


def _server_options(root: Path) -> list[str]:
    home = root / "home"
    return [
        "org.neo4j.server.CommunityEntryPoint",
        *(f"--home-dir={home}", f"--config-dir={home / 'conf'}", "--console-mode"),
    ]


def _password(root: Path) -> str:
    path = root / "password"
    if not path.exists():
        _write_secret(path, secrets.token_urlsafe(18))
    return path.read_text().strip()


def _write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.new")
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.rename(path)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
