"""The registry that names the models.

A model is a package or a module. ``train`` has ``Config`` (a frozen dataclass) and
``fit(snapshot, config, progress)``, ``serve`` has ``load(artifact)``. They are one
module unless training needs torch: then they are two, and serving imports the second
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models.base import Model, Progress, no_progress
from recommender.ml.store import artifact, neighbours
from recommender.ml.store.artifact import Artifact, ArtifactError, Manifest
from recommender.ml.train.budget import Budget, current, within

SEARCH = 0.6  # of limited time, for the neighbours of videos


class ConfigError(ValueError):
    """Unknown model or setting; the message lists the known ones."""


@dataclass(frozen=True)
class ModelEntry:
    """Where a model is: ``module`` under `recommender.ml.models`.

    A ``network`` is a package: ``train`` (imports torch) and ``serve``. ``daily``
    models are computed once a day, from the snapshot of that day. A model that
    ``combines`` fits other models as members.
    """

    module: str
    network: bool = False
    daily: bool = False
    combines: bool = False

    @property
    def checkpoints(self) -> bool:
        """Whether the training writes checkpoints, its own or those of members."""
        return self.network or self.combines

    @property
    def train(self) -> ModuleType:
        """The module with ``Config`` and ``fit``."""
        return self._import("train")

    @property
    def serve(self) -> ModuleType:
        """The module with ``load``."""
        return self._import("serve")

    def _import(self, part: str) -> ModuleType:
        suffix = f".{part}" if self.network else ""
        return import_module(f"recommender.ml.models.{self.module}{suffix}")


MODELS: Mapping[str, ModelEntry] = {
    "blend": ModelEntry("blend", combines=True),
    "popularity": ModelEntry("popularity"),
    "co_watch": ModelEntry("co_watch"),
    "ease": ModelEntry("ease"),
    "transition": ModelEntry("transition"),
    "gf_cf": ModelEntry("gf_cf"),
    "als": ModelEntry("als"),
    "lightgcn": ModelEntry("lightgcn", network=True),
    "content": ModelEntry("content"),
    "hybrid": ModelEntry("legacy.hybrid", daily=True),
    "user_item": ModelEntry("legacy.user_item"),
    "ncf": ModelEntry("legacy.ncf", network=True),
    "sequence": ModelEntry("sasrec", network=True),
    "graphsage": ModelEntry("graphsage", network=True),
    "graphsage_ids": ModelEntry("linear_sage", network=True),
}


def fit(
    name: str,
    snapshot: GraphSnapshot,
    config: Mapping[str, Any] | None = None,
    progress: Progress = no_progress,
    budget: Budget | None = None,
) -> Model:
    """Train model ``name`` on all of ``snapshot``; raises `ConfigError`.

    ``config`` overrides the defaults. The model uses at most ``budget``: it asks for
    what is left with `budget.current`.
    """
    chosen = complete(name, config)
    with within(budget):
        model: Model = entry(name).train.fit(snapshot, chosen, progress)
    return model.with_manifest(_manifest(name, asdict(chosen), snapshot))


def complete(name: str, config: Mapping[str, Any] | None = None) -> Any:
    """The ``Config`` of model ``name`` with these settings; raises `ConfigError`."""
    kind = entry(name).train.Config
    known = {f.name for f in fields(kind)}
    unknown = set(config or {}) - known
    if unknown:
        raise ConfigError(
            f"{name} has no setting {', '.join(sorted(unknown))}; "
            f"it has {', '.join(sorted(known))}"
        )
    return kind(**(config or {}))


def save(
    model: Model,
    folder: Path,
    *,
    metrics: Mapping[str, Any] | None = None,
    files: Mapping[str, Callable[[Path], None]] | None = None,
) -> Manifest:
    """Write ``model`` as the new artifact ``folder``, with ``metrics`` about it and
    ``files`` beside it. It has the neighbours of as many videos as the time allows."""
    parts = model.parts()
    found: Mapping[str, Any] = {}
    if len(model.item_ids) >= neighbours.FEWEST_ITEMS:
        units = model.item_vectors(model.item_ids)
        if units is not None:
            with within(current().share(SEARCH)):  # the rest is for writing
                found = neighbours.Neighbours.find(model.item_ids, units).arrays()
    return artifact.write(
        folder,
        Manifest(**{**vars(model.manifest), "metrics": dict(metrics or {})}),
        arrays={**parts.arrays, **found},
        documents=parts.documents,
        files={**parts.files, **(files or {})},
    )


def load(folder: Path, *, verify: bool = True) -> Model:
    """The model of an artifact folder; raises `ArtifactError`."""
    opened = Artifact(folder, verify=verify)
    name = opened.manifest.model
    if name not in MODELS:
        raise ArtifactError(f"{folder} holds a model this version lacks: {name}")
    try:
        model = loader(name)(opened)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ArtifactError(f"{folder} does not fit its model {name}") from error
    model.neighbours = neighbours.Neighbours.load(opened, model.item_ids)
    return model.with_manifest(opened.manifest, folder.name)


def loader(name: str) -> Callable[[Artifact], Model]:
    """The function that loads model ``name``; raises `ConfigError`."""
    load_model: Callable[[Artifact], Model] = entry(name).serve.load
    return load_model


def rebuild(folder: Path, new_folder: Path, snapshot: GraphSnapshot) -> Manifest:
    """Embed and index ``snapshot`` with the weights of ``folder``, without training.

    The metrics stay: they belong to the weights. Raises `ArtifactError`.
    """
    model = load(folder)
    old = model.manifest
    renewed = model.renewed(snapshot).with_manifest(
        _manifest(old.model, old.config, snapshot)
    )
    return save(renewed, new_folder, metrics=old.metrics)


def entry(name: str) -> ModelEntry:
    """The entry of model ``name``; raises `ConfigError`."""
    if name not in MODELS:
        raise ConfigError(f"no model {name}; there are {', '.join(sorted(MODELS))}")
    return MODELS[name]


def _manifest(
    name: str, config: Mapping[str, Any], snapshot: GraphSnapshot
) -> Manifest:
    return Manifest(
        model=name,
        config=config,
        data_hash=snapshot.content_hash(),
        snapshot_taken_at=snapshot.taken_at,
    )
