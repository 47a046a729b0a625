"""Protocols by name: each takes the data folder and optionally the models to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.protocols import (
    cold,
    gowalla,
    labels,
    ml100k,
    ncf,
    retrieval,
    temporal,
    untuned,
)
from benchmarks.reports import Report

Protocol = Callable[[Path, Sequence[str] | None], Iterator[Report]]

PROTOCOLS: Mapping[str, Protocol] = {
    "gowalla": gowalla.run,
    "ncf": ncf.run,
    "temporal": temporal.run,
    "cold": cold.run,
    "labels": labels.run,
    "ml100k": ml100k.run,
    "untuned": untuned.run,
    "retrieval": retrieval.run,
}
