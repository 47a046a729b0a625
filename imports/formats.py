"""Interactions that were collected elsewhere, brought in.

A *dataset* (`movielens`, `kuairand`, `personalize`) reads one published layout and
yields records (`records`); `loading` writes them. Layouts and mappings are described in
`docs/importing.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from imports.kuairand import KuaiRand
from imports.movielens import MovieLens1M, MovieLens100K
from imports.personalize import Personalize
from imports.records import Dataset

FORMATS: dict[str, Callable[..., Dataset]] = {
    "movielens-1m": MovieLens1M,
    "movielens-100k": MovieLens100K,
    "kuairand": KuaiRand,
    "csv": Personalize,
    "personalize": partial(Personalize, source="personalize"),
}
