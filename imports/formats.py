"""The formats of `import_dataset`: a name and the dataset that reads it."""

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
