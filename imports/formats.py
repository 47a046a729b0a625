"""The formats of `import_dataset`: a name and the dataset that reads it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from imports.csv_folder import CsvFolder
from imports.kuairand import KuaiRand
from imports.movielens import MovieLens1M, MovieLens100K
from imports.movielens_csv import MovieLensCsv
from imports.records import Dataset

FORMATS: dict[str, Callable[..., Dataset]] = {
    "movielens-1m": MovieLens1M,
    "movielens-100k": MovieLens100K,
    "movielens-20m": partial(MovieLensCsv, release="20M"),
    "movielens-25m": partial(MovieLensCsv, release="25M"),
    "movielens-32m": partial(MovieLensCsv, release="32M"),
    "movielens-latest": partial(MovieLensCsv, release="latest"),
    "kuairand": KuaiRand,
    "csv": CsvFolder,
    "personalize": partial(CsvFolder, source="personalize"),
}
