"""Models by name, beside the one that serves: the newest run of each that loads."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from django.conf import settings

from recommender.ml.models import registry
from recommender.ml.models.base import Model
from recommender.ml.store.artifact import ArtifactError
from recommender.models import ModelRun
from recommender.registry import serving

logger = logging.getLogger(__name__)

KEPT = 4  # models in memory; their arrays are memory-mapped
CHECK_EVERY = 30.0  # seconds between two looks for newer runs
FINISHED = (ModelRun.State.TRAINED, ModelRun.State.REFUSED)

_lock = Lock()
_loaded: OrderedDict[Path, Model] = OrderedDict()
_unreadable: set[Path] = set()
_newest: dict[str, tuple[float, list[Path]]] = {}


def names() -> list[str]:
    """The models of which there is a finished run with its artifact, sorted."""
    rows = ModelRun.objects.filter(state__in=FINISHED, model__in=registry.MODELS)
    found = rows.order_by("model", "-created_at").values_list("model", "run_id")
    return sorted({name for name, run in found if _folder(run) not in _unreadable})


def model_named(name: str) -> Model | None:
    """The active run's model if it is that one, else the newest run of `name` whose
    artifact can be read; None where there is none.

    A run that was refused answers too: asking for a model by name is how it is
    compared with the one that serves.
    """
    active = serving.active_model()
    if active is not None and active.name == name:
        return active
    with _lock:
        for folder in _folders(name):
            model = _load(folder)
            if model is not None:
                return model
    return None


def _folder(run_id: str) -> Path:
    return settings.ARTIFACTS_DIR / run_id


def _folders(name: str) -> list[Path]:
    """Of the finished runs, the newest first."""
    read_at, folders = _newest.get(name, (-CHECK_EVERY, []))
    here = all(folder.parent == settings.ARTIFACTS_DIR for folder in folders)
    if time.monotonic() - read_at >= CHECK_EVERY or not folders or not here:
        runs = ModelRun.objects.filter(model=name, state__in=FINISHED)
        newest = runs.order_by("-created_at").values_list("run_id", flat=True)
        folders = [_folder(run_id) for run_id in newest]
        _newest[name] = time.monotonic(), folders
    return folders


def _load(folder: Path) -> Model | None:
    if folder in _unreadable:
        return None
    if folder not in _loaded:
        try:
            _loaded[folder] = registry.load(folder)
        except ArtifactError as error:
            logger.warning("Not served by name: %s", error)
            _unreadable.add(folder)
            return None
        while len(_loaded) > KEPT:
            _loaded.popitem(last=False)
    _loaded.move_to_end(folder)
    return _loaded[folder]
