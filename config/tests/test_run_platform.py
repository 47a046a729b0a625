"""Which processes `make run` runs."""

from __future__ import annotations

from config.management.commands.run_platform import _children


def names() -> set[str]:
    return {child.name for child in _children("127.0.0.1", 8000, 1)}


def test_the_relay_runs_where_there_is_a_neo4j(settings):
    assert names() == {"web", "worker", "trainer"}
    settings.NEO4J_URI = "bolt://127.0.0.1:7687"
    assert names() == {"web", "worker", "trainer", "relay"}
