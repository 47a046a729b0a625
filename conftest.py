"""What every test gets: its own folders, fast passwords, mail in memory, no Neo4j."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# A core a worker: more threads than that wait for one another. Child processes too.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--neo4j", action="store_true", help="start a real Neo4j for tests that need it"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list) -> None:
    if not config.getoption("--neo4j"):
        skip = pytest.mark.skip(reason="needs a Neo4j server: make test-neo4j")
        for item in items:
            if item.get_closest_marker("neo4j"):
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def _isolated(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    settings.RANKERS_DIR = tmp_path / "rankers"
    settings.SNAPSHOTS_DIR = tmp_path / "snapshots"
    settings.CHECKPOINTS_DIR = tmp_path / "checkpoints"
    settings.NEO4J_URI = ""  # that of `make neo4j` is the developer's, not the tests'
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
