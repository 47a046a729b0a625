"""The server of `make neo4j`: its password, and the errors of a failed start."""

from __future__ import annotations

import socket
import stat

import pytest

from config.runtime import neo4j_server
from config.runtime.neo4j_server import Server, ServerError


def test_the_password_is_made_once_and_kept_from_others(tmp_path):
    server = Server(root=tmp_path, lib=tmp_path)
    assert len(server.address.password) >= 8
    assert server.address == server.address
    mode = (tmp_path / "password").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Server(root=tmp_path, lib=tmp_path, port=taken.getsockname()[1])
        with pytest.raises(ServerError, match=f"{server.port} is taken"):
            server.start()


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServerError, match="Java is not installed"):
        Server(root=tmp_path, lib=tmp_path).start()
    with pytest.raises(ServerError, match="Maven is not installed"):
        neo4j_server.fetch(tmp_path)


def test_a_complete_folder_of_jars_is_not_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / ".complete").write_text("of another version")
    with pytest.raises(ServerError):
        neo4j_server.fetch(tmp_path)
    digest = neo4j_server.hashlib.sha256(neo4j_server.POM.read_bytes()).hexdigest()
    (lib / ".complete").write_text(digest)
    assert neo4j_server.fetch(tmp_path) == lib
