"""The secret key of a local installation is made once, and for its owner alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

from config.secret_key import read_or_create


def test_the_key_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "var" / "secret_key"
    key = read_or_create(path)
    assert len(key) >= 50
    assert read_or_create(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_those_that_start_together_get_one_key(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(read_or_create, [tmp_path / "secret_key"] * 32))
    assert len(keys) == 1


def test_a_key_of_an_earlier_version_is_read(tmp_path):
    (tmp_path / "secret_key").write_text("of before")
    assert read_or_create(tmp_path / "secret_key") == "of before"
