"""What `make run` still prepares while the site is up, for a banner on its pages.

`run_platform` writes a small file every few seconds; web processes read it. Where there
is no file, or one that is no longer written, nothing is prepared.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

STALE_AFTER = 30.0  # seconds since the last write; then the writer was killed


@dataclass(frozen=True)
class Preparation:
    """One stage of it: a key, a title, and how far it is; `total` is 0 if unknown."""

    stage: str
    title: str
    detail: str = ""
    done: int = 0
    total: int = 0

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}" if self.detail else self.title


def current() -> Preparation | None:
    """What is being prepared now; always None on an installation that is not local."""
    if not settings.LOCAL:
        return None
    path: Path = settings.PREPARATION_FILE
    try:
        if time.time() - path.stat().st_mtime > STALE_AFTER:
            return None
        return Preparation(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write(preparation: Preparation | None) -> None:
    """Replace what `current` returns; None removes it."""
    path: Path = settings.PREPARATION_FILE
    if preparation is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(preparation)))
    partial.replace(path)
