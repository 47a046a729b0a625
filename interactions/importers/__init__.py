"""Interactions that were collected elsewhere, brought in.

A *dataset* (`movielens`, `kuairand`, `personalize`) reads one published layout and
yields records (`records`); `loading` writes them. Layouts and mappings are described in
`docs/importing.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from interactions.importers.kuairand import KuaiRand
from interactions.importers.movielens import MovieLens1M, MovieLens100K
from interactions.importers.personalize import Personalize
from interactions.importers.records import Dataset

FORMATS: dict[str, Callable[..., Dataset]] = {
    "movielens-1m": MovieLens1M,
    "movielens-100k": MovieLens100K,
    "kuairand": KuaiRand,
    "csv": Personalize,
    "personalize": partial(Personalize, source="personalize"),
}
