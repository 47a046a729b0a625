"""Static files: which of them are served, and under which names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder, FileSystemFinder, get_finders
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

from config.icons import sprite
from config.stylesheet import stylesheet

# What pages use of the packages in `node_modules`.
VENDOR = (
    "vendor/cytoscape/cytoscape.esm.min.mjs",
    "vendor/htmx/htmx.min.js",
    "vendor/inter/files/inter-*-opsz-normal.woff2",
    "vendor/media-chrome/iife/index.js*",  # and the map that it names
    "vendor/vega/vega.min.js",
    "vendor/vega-interpreter/vega-interpreter.min.js*",
    "vendor/vega-lite/vega-lite.min.js*",
)


MADE = {"icons.svg": sprite, "css/site.css": stylesheet}
# What the packages with static files have besides.
UNUSED = ["redoc", "rest_framework", "swagger-ui-es-bundle*"]


def collect() -> None:
    """Run `collectstatic`, which takes seconds, unless it ran for the same files."""
    stamp = settings.VAR_DIR / "static.sha256"
    digest = hashlib.sha256("\n".join(_states()).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    call_command(
        "collectstatic",
        *("--no-input", "--clear", "--verbosity=0"),
        ignore_patterns=UNUSED,
    )
    stamp.write_text(digest)


def _states() -> Iterator[str]:
    """Of each static file: its path, size and time of change."""
    for finder in get_finders():
        for path, storage in finder.list(UNUSED):
            stat = Path(storage.path(path)).stat()
            yield f"{storage.path(path)} {stat.st_size} {stat.st_mtime_ns}"


class MadeFilesFinder(BaseFinder):
    """Finds the files that are made of others, in a folder of `VAR_DIR`."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [str(_made_folder() / path)] if path in MADE else []
        return found if find_all else (found or [""])[0]

    def list(
        self, ignore_patterns: Iterable[str] | None
    ) -> Iterator[tuple[str, FileSystemStorage]]:
        storage = FileSystemStorage(location=_made_folder())
        for path in MADE:
            yield path, storage


def _made_folder() -> Path:
    """The folder of made files; those that have changed are written."""
    folder: Path = settings.VAR_DIR / "made"
    for name, make in MADE.items():
        target, text = folder / name, make()
        if not target.exists() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_suffix(f".{os.getpid()}")  # others start too
            partial.write_text(text)
            partial.replace(target)
    return folder


class UsedFilesFinder(FileSystemFinder):
    """Lists all files of the project, and of `node_modules` those in `VENDOR`."""

    def list(
        self, ignore_patterns: Iterable[str] | None
    ) -> Iterator[tuple[str, FileSystemStorage]]:
        for path, storage in super().list(ignore_patterns):
            prefix = getattr(storage, "prefix", "")
            if not prefix or any(fnmatch(f"{prefix}/{path}", name) for name in VENDOR):
                yield path, storage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Names change with the content, so browsers keep each file for ever.

    The imports of scripts name hashed files too. A local site starts without
    `collectstatic`, and has plain names until it ran.
    """

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        if settings.LOCAL and not self.hashed_files:
            return name
        return str(super().stored_name(name))
