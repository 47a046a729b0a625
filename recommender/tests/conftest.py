"""Runs trained once in a session; a real Neo4j with an empty graph for each test."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as project

from config.runtime import neo4j_server
from config.runtime.neo4j_server import Server
from recommender.graph.mirror import driver
from recommender.tests.trained import TrainedRuns


@pytest.fixture(scope="session")
def neo4j_process(tmp_path_factory) -> Iterator[Server]:
    """The server itself, for tests that stop and start it; its data is its own."""
    root: Path = tmp_path_factory.mktemp("neo4j")
    lib = neo4j_server.fetch(project.VAR_DIR / "neo4j")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Server(
        root=root, lib=lib, port=port, heap="512m", output=subprocess.DEVNULL
    ) as server:
        yield server


@pytest.fixture
def neo4j(neo4j_process: Server, settings) -> Iterator[Server]:
    """Configured and empty. Pages wait longer than they would: a cold JVM is slow."""
    address = neo4j_process.address
    settings.NEO4J_URI = address.uri
    settings.NEO4J_USER, settings.NEO4J_PASSWORD = address.user, address.password
    settings.NEO4J_PAGE_BUDGET *= 100
    with driver.connect() as connection:
        connection.execute_query("MATCH (n) DETACH DELETE n")
    yield neo4j_process
    driver.close()


@pytest.fixture(scope="session")
def trained_runs(session_folder) -> TrainedRuns:
    return TrainedRuns(session_folder / "trained")
