"""Environment variables: empty is unset, and mistakes are named in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_empty_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("A", "B", "C"):
        monkeypatch.setenv(name, "  ")
    assert env.text("A", "default") == "default"
    assert env.integer("B", 7) == 7
    assert env.flag("C", default=True) is True
    assert env.all_or_none("A", "B", "C") is False


@pytest.mark.parametrize(
    ("call", "value", "message"),
    [
        (lambda: env.integer("X", 1), "ten", "use a whole number"),
        (lambda: env.integer("X", 1, at_least=1), "0", "at least 1"),
        (lambda: env.flag("X"), "maybe", "use 1 or 0"),
        (lambda: env.fraction("X", 0.3), "1.2", "use a number from 0 to 1"),
        (lambda: env.fraction("X", 0.3), "much", "use a number"),
        (lambda: env.all_or_none("X", "MISSING"), "set", "but not MISSING"),
    ],
)
def test_mistakes_are_named(call, value: str, message: str, monkeypatch) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured, match=message):
        call()


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_half_configured_database_is_one_line_and_exit_code_2() -> None:
    result = manage("check", DB_NAME="platform")
    assert result.returncode == 2
    assert result.stderr.strip().count("\n") == 0
    assert "DB_USER, DB_PASSWORD, DB_HOST" in result.stderr


def test_own_database_without_secret_key_does_not_start() -> None:
    database = {f"DB_{part}": "x" for part in ("NAME", "USER", "PASSWORD", "HOST")}
    result = manage("check", **database, SECRET_KEY="")
    assert result.returncode == 2
    assert "SECRET_KEY" in result.stderr


# Prints the files that are written, the folders made, the sockets and processes opened.
IMPORT_WATCHED = """
import os, sys

def note(event, arguments):
    writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(("socket.", "subprocess.", "os.mk", "os.link")):
        print(event, arguments)

sys.addaudithook(note)
import config.settings
print(config.settings.VAR_DIR)
"""


def test_importing_settings_only_reads(tmp_path) -> None:
    folder = tmp_path / "missing"
    result = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_WATCHED],
        cwd=settings.BASE_DIR,
        env=os.environ | {"VAR_DIR": str(folder), "SECRET_KEY": "", "NEO4J_URI": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == [str(folder)]
    assert not folder.exists()


def test_a_new_installation_needs_nothing_made_by_hand(tmp_path) -> None:
    folder = tmp_path / "missing"
    key = "from django.conf import settings; print(len(str(settings.SECRET_KEY)))"
    first, second = (
        manage("shell", "-v0", "-c", key, VAR_DIR=str(folder), SECRET_KEY="")
        for _ in range(2)
    )
    assert (first.stdout, second.stdout) == ("64\n", "64\n"), first.stderr
    assert {path.name for path in folder.iterdir()} == {"secret_key", "static", "tmp"}


def test_every_variable_that_settings_read_is_documented() -> None:
    source = (settings.BASE_DIR / "config" / "settings.py").read_text()
    example = Path(settings.BASE_DIR / ".env.example").read_text()
    documented = {line.partition("=")[0] for line in example.splitlines()}
    for reader in ("text", "flag", "integer", "fraction", "words"):
        for part in source.split(f'env.{reader}("')[1:]:
            assert part.partition('"')[0] in documented


def test_the_cache_is_redis_where_one_is_named() -> None:
    shown = "from django.core.cache import caches; print(type(caches['default']))"
    for address, kind in (
        ("", "DatabaseCache"),
        ("redis://127.0.0.1:1/0", "RedisCache"),
    ):
        assert kind in manage("shell", "-v0", "-c", shown, REDIS_URL=address).stdout


def test_compose_sets_variables_that_there_are() -> None:
    compose = (settings.BASE_DIR / "deploy" / "compose.yaml").read_text()
    platform = yaml.safe_load(compose)["x-platform"]
    example = (settings.BASE_DIR / ".env.example").read_text()
    for name in platform["environment"]:
        assert f"\n{name}=" in example
