"""Loaded runs of a process: each once, the newest ones, a fault once in the log."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from recommender.ml.store.artifact import ArtifactError
from recommender.registry import serving
from recommender.registry.serving import Refreshed, RunCache


class Loader:
    """Loads the name of a folder, unless that is in `broken`."""

    def __init__(self):
        self.loaded, self.broken = [], set()

    def __call__(self, folder):
        self.loaded.append(folder.name)
        if folder.name in self.broken:
            raise ArtifactError("broken")
        return folder.name


@pytest.fixture
def load():
    return Loader()


def test_a_run_is_loaded_once_and_the_least_used_dropped(load):
    cache = RunCache(load, size=2, fault="None")
    for name in ("a", "b", "a", "c", "a", "b"):
        assert cache.get(Path(name)) == name
    assert load.loaded == ["a", "b", "c", "b"]


def test_what_is_not_needed_any_more_is_dropped(load):
    cache = RunCache(load, size=2, fault="None")
    cache.get(Path("a")), cache.get(Path("b"))
    cache.keep([Path("b")])
    cache.get(Path("a")), cache.get(Path("b"))
    assert load.loaded == ["a", "b", "a"]


def test_a_broken_run_is_logged_once_and_tried_again_later(load, monkeypatch, caplog):
    cache = RunCache(load, size=2, fault="Nothing serves")
    load.broken.add("a")
    assert cache.get(Path("a")) is cache.get(Path("a")) is None
    assert cache.is_unreadable(Path("a"))
    assert load.loaded == ["a"]
    monkeypatch.setattr(serving, "RETRY_EVERY", 0.0)
    assert cache.get(Path("a")) is None
    assert [record.message for record in caplog.records] == ["Nothing serves: broken"]
    load.broken.clear()
    assert cache.get(Path("a")) == "a"
    assert not cache.is_unreadable(Path("a"))


def test_while_one_thread_reads_the_others_have_the_old_value(monkeypatch):
    monkeypatch.setattr(serving, "CHECK_EVERY", 0.0)
    reading, go_on = threading.Event(), threading.Event()
    values = iter([1, 2])

    def read():
        value = next(values)
        if value == 2:
            reading.set()
            assert go_on.wait(10)
        return value

    refreshed = Refreshed(read, root=lambda: Path("root"))
    assert refreshed.get() == 1
    thread = threading.Thread(target=refreshed.get)
    thread.start()
    assert reading.wait(10)
    assert refreshed.get() == 1
    go_on.set()
    thread.join()
    monkeypatch.setattr(serving, "CHECK_EVERY", 60.0)
    assert refreshed.get() == 2


def test_another_root_is_read_at_once():
    roots = iter(["a", "a", "b"])
    reads = []
    refreshed = Refreshed(lambda: reads.append(1), root=lambda: Path(next(roots)))
    for _ in range(3):
        refreshed.get()
    assert len(reads) == 2
