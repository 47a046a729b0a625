"""How fast the mirror is written and exported, compared with a plain driver script.

    python -m benchmarks.graph [--relationships 1000000] [--json FILE]

Starts its own Neo4j and creates its own database on the PostgreSQL of a running
platform. The demo's graph and a synthetic one are each written by the script, with rows
in memory, and by `sync_graph`, which reads them from PostgreSQL. The last line is a
summary; the exit code is 1 if a target was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.test import override_settings

if TYPE_CHECKING:
    from neo4j import Driver

    from recommender.graph.mirror.rows import Row

BATCH = 5000  # rows in one transaction of the script
WARM_UP = 3  # rounds of both before measuring, until Java has compiled its code
HEAP = "2g"
PORT = 7690
RATIO = 0.8  # target: rate of the mirror relative to the script, at least
RATE = 16_000  # target: relationships a second, at least
EXPORT_SECONDS = 6.0  # target: for a snapshot of a million relationships, at most


@dataclass(frozen=True)
class Measured:
    """``script`` and ``sync`` are rates in relationships a second; ``export`` and
    ``postgres`` the seconds for a snapshot from Neo4j and PostgreSQL; ``equal`` whether
    both have the same content."""

    graph: str
    nodes: int
    relationships: int
    script: float
    sync: float
    export: float
    postgres: float
    equal: bool
    different: int

    @property
    def faults(self) -> list[str]:
        faults = []
        if self.sync < RATIO * self.script:
            faults.append(f"sync below {RATIO} of the script")
        if self.sync < RATE:
            faults.append(f"sync below {RATE:,} a second")
        if self.export > EXPORT_SECONDS:
            faults.append(f"export above {EXPORT_SECONDS} s")
        if not self.equal or self.different:
            faults.append("the stores differ")
        return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--relationships", type=int, default=1_000_000)
    parser.add_argument("--graph", choices=["demo", "synthetic"], action="append")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    wanted = options.graph or ["demo", "synthetic"]
    measured = []
    with _server():
        for graph in wanted:
            with _database():
                _fill(graph, options.relationships)
                measured.append(_measure(graph))
                print(measured[-1], flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(m) for m in measured], indent=1))
    faults = [f"{m.graph}: {fault}" for m in measured for fault in m.faults]
    summary = "; ".join(
        f"{m.graph} {m.relationships:,} relationships: sync {m.sync:,.0f}/s,"
        f" script {m.script:,.0f}/s ({m.sync / m.script:.2f}x),"
        f" export {m.export:.1f} s, {'equal' if m.equal else 'DIFFERENT'}"
        for m in measured
    )
    print(
        f"{'MISSED' if faults else 'MET'}: {summary}"
        + "".join(f"; {f}" for f in faults)
    )
    return 1 if faults else 0


def _measure(graph: str) -> Measured:
    """Run the script, then the mirror, each into an empty graph; nodes included."""
    from recommender.graph.mirror import driver, rows
    from recommender.graph.mirror import rebuild as sync
    from recommender.graph.mirror.schema import NODES, PARTS, RELATIONS
    from recommender.graph.mirror.verify import verify
    from recommender.graph.mirror.writer import turn

    everything = (rows.LOWEST, rows.HIGHEST)
    memory = {part.name: rows.between(part, everything) for part in PARTS}
    sizes = {name: len(part_rows) for name, part_rows in memory.items()}
    with driver.connect() as connected, turn(connected) as writer:
        sync.empty(writer)
        for _ in range(WARM_UP if graph == "demo" else 0):
            _script(connected, memory)
            sync.rebuild(writer)
            sync.empty(writer)
        script = _seconds(lambda: _script(connected, memory))
        memory.clear()
        sync.empty(writer)
        synced = _seconds(lambda: sync.rebuild(writer))
        different = sum(len(part.differing) for part in verify(writer, repair=False))
    hashes, exported, copied = _snapshots()
    relationships = sum(sizes[part.name] for part in RELATIONS)
    return Measured(
        graph=graph,
        nodes=sum(sizes[part.name] for part in NODES),
        relationships=relationships,
        script=relationships / script,
        sync=relationships / synced,
        export=exported,
        postgres=copied,
        equal=len(hashes) == 1,
        different=different,
    )


def _script(connected: Driver, memory: dict[str, list[Row]]) -> None:
    """Write the graph with plain Cypher: UNWIND of batches, MATCH, MERGE, SET."""
    from recommender.graph.mirror.schema import CONSTRAINTS, NODES, RELATIONS

    statements = {node.name: node.create for node in NODES}
    for part in RELATIONS:
        source, target = part.ends
        values = ", ".join(
            f"r.{p} = row[{n}]" for n, p in enumerate(part.properties, 2)
        )
        statements[part.name] = (
            f"UNWIND $rows AS row MATCH (a:{source} {{id: row[0]}})"
            f" MATCH (b:{target} {{id: row[1]}}) MERGE (a)-[r:{part.type}]->(b)"
            + (f" SET {values}" if values else "")
        )
    with connected.session() as session:
        for constraint in CONSTRAINTS:
            session.run(constraint).consume()
        for name, statement in statements.items():
            for start in range(0, len(memory[name]), BATCH):
                batch = memory[name][start : start + BATCH]
                session.run(statement, rows=batch).consume()


def _snapshots() -> tuple[set[str], float, float]:
    """Hashes of the snapshots from both stores, and the seconds of each."""
    from django.conf import settings

    from recommender.dataset import snapshot

    taken = []
    for uri in (settings.NEO4J_URI, ""):
        with override_settings(NEO4J_URI=uri):
            started = time.perf_counter()
            taken.append((snapshot.take(), time.perf_counter() - started))
    hashes = {graph.content_hash() for graph, _ in taken}
    return hashes, taken[0][1], taken[1][1]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _fill(graph: str, relationships: int) -> None:
    from django.core.management import call_command

    from benchmarks import synthetic_graph

    if graph == "demo":
        call_command("seed_demo")
    else:
        synthetic_graph.fill(relationships)


@contextmanager
def _server() -> Iterator[None]:
    """Run a Neo4j with an empty graph, and set the settings to it."""
    from django.conf import settings

    from config.runtime.neo4j_server import Server, fetch

    with tempfile.TemporaryDirectory() as folder:
        lib = fetch(settings.VAR_DIR / "neo4j")
        server = Server(
            root=Path(folder), lib=lib, port=PORT, heap=HEAP, output=subprocess.DEVNULL
        )
        with (
            server,
            override_settings(
                NEO4J_URI=server.address.uri,
                NEO4J_USER=server.address.user,
                NEO4J_PASSWORD=server.address.password,
            ),
        ):
            yield


@contextmanager
def _database() -> Iterator[None]:
    """Create a new database on the installation's server, and drop it at the end."""
    from django.conf import settings
    from django.db import connection

    connection.settings_dict["TEST"]["NAME"] = "benchmark_graph"
    name = settings.DATABASES["default"]["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            override_settings(MEDIA_ROOT=folder),
        ):
            yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
