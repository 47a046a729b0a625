"""The secret key of a local installation."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile


def read_or_create(path: Path) -> str:
    """The key in the file at `path`, which only its owner may read.

    The first call makes the file. Processes that start together get the same key.
    """
    if not path.exists():
        _create(path)
    return path.read_text()


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent) as file:  # with mode 0600
        file.write(secrets.token_urlsafe(48))
        file.flush()
        try:
            os.link(file.name, path)  # complete, and never over another process's key
        except FileExistsError:
            return
