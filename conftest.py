"""What every test gets: its own folders, fast passwords, mail in memory, no Neo4j."""

from __future__ import annotations

import hashlib
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import caches
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from filelock import FileLock

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
    caches["throttles"].clear()
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    settings.CATALOGUE_DIR = tmp_path / "catalogue"
    settings.CATALOGUE_MAX_AGE = timedelta(0)  # each feed builds it anew
    settings.RANKERS_DIR = tmp_path / "rankers"
    settings.SNAPSHOTS_DIR = tmp_path / "snapshots"
    settings.CHECKPOINTS_DIR = tmp_path / "checkpoints"
    settings.PREPARATION_FILE = tmp_path / "preparation.json"
    settings.NEO4J_URI = ""  # that of `make neo4j` is the developer's, not the tests'
    # Files as they are edited, not as they were collected by `make run`.
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": static}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.TASKS = {
        "default": {
            "BACKEND": "django_tasks.backends.dummy.DummyBackend",
            "QUEUES": [],  # any name, as in the settings
        }
    }


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory) -> Path:
    """A folder that the workers of a session share."""
    folder: Path = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix, session_folder, django_db_blocker
) -> None:
    """Each worker's database is a copy of one that is migrated, kept between runs."""
    # Nobody misses the data of tests after a crash.
    connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"
    test = connection.settings_dict["TEST"]
    template = f"test_{connection.settings_dict['NAME']}_template_{_migrations_hash()}"
    ready = session_folder / "template"
    with FileLock(session_folder / "template.lock"), django_db_blocker.unblock():
        if not ready.exists():
            own_name, test["NAME"] = test["NAME"], template
            _prepare_template()
            test["NAME"] = own_name
            ready.touch()
    test["TEMPLATE"] = template


def _migrations_hash() -> str:
    """Of the source of all migrations: another template when one is edited."""
    found = hashlib.sha256()
    migrations = MigrationLoader(None).disk_migrations
    for key in sorted(migrations):
        source = Path(sys.modules[migrations[key].__module__].__file__)
        found.update(source.read_bytes())
    return found.hexdigest()[:12]


def _prepare_template() -> None:
    """Create and migrate the template unless it is there; drop older ones."""
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, keepdb=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database"
            " WHERE datname LIKE %s AND datname <> current_database()",
            [f"test_{name}_template_%"],
        )
        for (older,) in cursor.fetchall():
            cursor.execute(f"DROP DATABASE {connection.ops.quote_name(older)}")
    connection.creation.destroy_test_db(name, verbosity=0, keepdb=True)
