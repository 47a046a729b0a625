"""The address of Neo4j: as configured, or of the server that `make neo4j` runs."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Address:
    uri: str
    user: str
    password: str


def address() -> Address | None:
    """The address to connect to; None if there is no Neo4j.

    `NEO4J_URI` has precedence; an empty string switches Neo4j off. If it is None, the
    first call in a process looks for the server of `make neo4j`.
    """
    if settings.NEO4J_URI is None:
        return _local_server(settings.VAR_DIR / "neo4j")
    if not settings.NEO4J_URI:
        return None
    return Address(settings.NEO4J_URI, settings.NEO4J_USER, settings.NEO4J_PASSWORD)


def running_server(root: Path) -> Address | None:
    """The address in `root / "address.json"`, if a server listens there."""
    try:
        found = Address(**json.loads((root / "address.json").read_text()))
        port = int(found.uri.rpartition(":")[2])
    except (OSError, ValueError, TypeError):
        return None
    return found if listens(port) else None


def listens(port: int) -> bool:
    """Whether a server on this machine accepts connections at `port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


_local_server = cache(running_server)
