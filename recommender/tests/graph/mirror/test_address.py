"""The address of Neo4j: settings first, else the server of `make neo4j`."""

from __future__ import annotations

import json
import socket

from config.runtime.neo4j_server import Server
from recommender.graph.mirror.address import Address, address, running_server


def test_a_server_is_found_while_it_listens(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        published = Server(root=tmp_path, lib=tmp_path, port=port).address
        assert running_server(tmp_path) is None
        (tmp_path / "address.json").write_text(json.dumps(vars(published)))
        assert running_server(tmp_path) == published
    assert running_server(tmp_path) is None


def test_settings_have_precedence_and_an_empty_uri_switches_neo4j_off(
    settings, tmp_path
):
    settings.VAR_DIR = tmp_path
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        local = Server(root=tmp_path / "neo4j", lib=tmp_path, port=port).address
        (tmp_path / "neo4j" / "address.json").write_text(json.dumps(vars(local)))
        settings.NEO4J_URI = None
        assert address() == local
        settings.NEO4J_URI = "bolt://elsewhere:7687"
        settings.NEO4J_USER, settings.NEO4J_PASSWORD = "reader", "secret"
        assert address() == Address("bolt://elsewhere:7687", "reader", "secret")
        settings.NEO4J_URI = ""
        assert address() is None
