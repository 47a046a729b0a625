"""Checkpoints on disk, from which an interrupted training resumes.

The caller of a training chooses the folder (`stored_in`). The training opens the
`slot` of its model, settings, snapshot and stage; another process that trains the same
reads the same slot. Outside `stored_in`, slots store nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.store.atomic_folder import flush

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

logger = logging.getLogger(__name__)
SUFFIX = ".checkpoint"
# Earlier versions named a checkpoint by the module of the model's settings.
FORMER_NAMES = {
    "graphsage": "recommender.ml.graphsage",
    "graphsage_ids": "recommender.ml.linear_sage",
}
T = TypeVar("T")


class Slot:
    """One file with the newest checkpoint; without ``path`` nothing is stored.

    Writes are at least ``seconds`` apart. ``former`` is the file of an earlier version,
    which is read while ``path`` does not exist.
    """

    def __init__(
        self,
        path: Path | None = None,
        seconds: float = 0.0,
        former: Path | None = None,
    ) -> None:
        self._path, self._seconds, self._former = path, seconds, former
        self._written = time.monotonic()

    def read(self, load: Callable[[Path], T]) -> T | None:
        """Load the newest checkpoint; None if there is none or it cannot be read."""
        for path in (self._path, self._former):
            if path is not None and path.exists():
                try:
                    return load(path)
                except Exception as error:  # zip, pickle and key errors
                    logger.warning("%s cannot be read: %s", path, error)
        return None

    def write(self, save: Callable[[BinaryIO], None], *, now: bool = False) -> None:
        """Replace the checkpoint if it is older than ``seconds``, or ``now``."""
        due = now or time.monotonic() - self._written >= self._seconds
        if self._path is None or not due:
            return
        part = self._path.with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            save(file)
        flush(part)
        part.replace(self._path)
        flush(part.parent)
        self._written = time.monotonic()


@dataclass(frozen=True)
class _Place:
    folder: Path
    seconds: float


_place: ContextVar[_Place | None] = ContextVar("checkpoints", default=None)


@contextmanager
def stored_in(folder: Path, *, seconds: float) -> Iterator[None]:
    """Let trainings write checkpoints to ``folder``, one file each, at most every
    ``seconds``. The caller deletes the folder afterwards."""
    token = _place.set(_Place(folder, seconds))
    try:
        yield
    finally:
        _place.reset(token)


def slot(
    model: str, snapshot: GraphSnapshot, config: DataclassInstance, stage: str
) -> Slot:
    """The slot of a ``stage`` of training ``model`` with ``config`` on ``snapshot``."""
    place = _place.get()
    if place is None:
        return Slot()

    def path(name: str) -> Path:
        key = [name, asdict(config), snapshot.content_hash(), stage]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
        return place.folder / f"{digest[:24]}{SUFFIX}"

    former = FORMER_NAMES.get(model)
    return Slot(path(model), place.seconds, path(former) if former else None)


def exist_in(folder: Path) -> bool:
    """Whether there is a checkpoint in ``folder``."""
    return any(folder.glob(f"*{SUFFIX}"))
