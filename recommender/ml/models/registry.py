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
from typing import Any

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models.base import Model, Progress, silent
from recommender.ml.store import artifact
from recommender.ml.store.artifact import Artifact, ArtifactError, Manifest


class ConfigError(ValueError):
    """No such model, or no such setting of it; the message lists those there are."""


@dataclass(frozen=True)
class Entry:
    """Where a model's recipe and its server live, whether it is computed once a day,
    from the snapshot of that day, and whether its training keeps `checkpoints`."""

    recipe: str
    server: str
    daily: bool = False
    checkpoints: bool = False


MODELS: Mapping[str, Entry] = {
    "blend": Entry(
        "recommender.ml.models.blend", "recommender.ml.models.blend", checkpoints=True
    ),
    "popularity": Entry(
        "recommender.ml.models.popularity", "recommender.ml.models.popularity"
    ),
    "co_watch": Entry(
        "recommender.ml.models.co_watch", "recommender.ml.models.co_watch"
    ),
    "ease": Entry("recommender.ml.models.ease", "recommender.ml.models.ease"),
    "transition": Entry(
        "recommender.ml.models.transition", "recommender.ml.models.transition"
    ),
    "gf_cf": Entry("recommender.ml.models.gf_cf", "recommender.ml.models.gf_cf"),
    "als": Entry("recommender.ml.models.als", "recommender.ml.models.als"),
    "lightgcn": Entry(
        "recommender.ml.models.lightgcn.train", "recommender.ml.models.lightgcn.serve"
    ),
    "content": Entry("recommender.ml.models.content", "recommender.ml.models.content"),
    "hybrid": Entry(
        "recommender.ml.models.legacy.hybrid",
        "recommender.ml.models.legacy.hybrid",
        daily=True,
    ),
    "user_item": Entry(
        "recommender.ml.models.legacy.user_item",
        "recommender.ml.models.legacy.user_item",
    ),
    "ncf": Entry(
        "recommender.ml.models.legacy.ncf.train",
        "recommender.ml.models.legacy.ncf.serve",
    ),
    "sequence": Entry(
        "recommender.ml.models.sasrec.train", "recommender.ml.models.sasrec.serve"
    ),
    "graphsage": Entry(
        "recommender.ml.models.graphsage.train",
        "recommender.ml.models.graphsage.serve",
        checkpoints=True,
    ),
    "graphsage_ids": Entry(
        "recommender.ml.models.linear_sage.train",
        "recommender.ml.models.linear_sage.serve",
        checkpoints=True,
    ),
}


def fit(
    name: str,
    snapshot: GraphSnapshot,
    config: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Model:
    """Train model ``name`` on all of ``snapshot``; raises `ConfigError`.

    ``config`` overrides the recipe's defaults.
    """
    recipe = import_module(_entry(name).recipe)
    known = {f.name for f in fields(recipe.Config)}
    unknown = set(config or {}) - known
    if unknown:
        raise ConfigError(
            f"{name} has no setting {', '.join(sorted(unknown))}; "
            f"it has {', '.join(sorted(known))}"
        )
    chosen = recipe.Config(**(config or {}))
    model: Model = recipe.fit(snapshot, chosen, progress)
    model.manifest = Manifest(
        model=name,
        config=asdict(chosen),
        data_hash=snapshot.content_hash(),
        snapshot_taken_at=snapshot.taken_at,
    )
    return model


def save(
    model: Model,
    folder: Path,
    *,
    metrics: Mapping[str, Any] | None = None,
    files: Mapping[str, Callable[[Path], None]] | None = None,
) -> Manifest:
    """Write ``model`` as the new artifact ``folder``, with ``metrics`` about it and
    ``files`` beside it."""
    parts = model.parts()
    return artifact.write(
        folder,
        Manifest(**{**vars(model.manifest), "metrics": dict(metrics or {})}),
        arrays=parts.arrays,
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
        model = server(name)(opened)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ArtifactError(f"{folder} does not fit its model {name}") from error
    model.manifest = opened.manifest
    model.run = folder.name
    return model


def server(name: str) -> Callable[[Artifact], Model]:
    """What makes model ``name`` from its artifact; raises `ConfigError`."""
    load_model: Callable[[Artifact], Model] = import_module(_entry(name).server).load
    return load_model


def rebuild(folder: Path, new_folder: Path, snapshot: GraphSnapshot) -> Manifest:
    """Embed and index ``snapshot`` with the weights of ``folder``, without training.

    Metrics are kept: they belong to the weights. Raises `ArtifactError`.
    """
    old = load(folder)
    model = old.renewed(snapshot)
    model.manifest = Manifest(
        model=old.manifest.model,
        config=old.manifest.config,
        data_hash=snapshot.content_hash(),
        snapshot_taken_at=snapshot.taken_at,
    )
    return save(model, new_folder, metrics=old.manifest.metrics)


def _entry(name: str) -> Entry:
    if name not in MODELS:
        raise ConfigError(f"no model {name}; there are {', '.join(sorted(MODELS))}")
    return MODELS[name]
