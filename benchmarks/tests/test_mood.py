from __future__ import annotations

import csv
import zipfile

import numpy as np
import pytest

from benchmarks import datasets, mood

HEADER = ("title", "description", "tags", "views", "ratings")


@pytest.fixture
def folder(tmp_path):
    """100 synthetic talks; half are funny, with words of their own."""
    path = tmp_path / "ted"
    path.mkdir()
    rows = [HEADER]
    for n in range(100):
        funny, other = (45, 5) if n % 2 else (5, 45)
        subject = "clown bucket" if n % 2 else "pond rain"
        ratings = [{"id": 7, "name": "Funny", "count": funny}]
        ratings.append({"id": 3, "name": "Courageous", "count": other})
        rows.append((f"Talk {n}", subject, f"['{subject}']", n, str(ratings)))
    with (tmp_path / "ted_main.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    with zipfile.ZipFile(path / "ted_main.csv.zip", "w") as archive:
        archive.write(tmp_path / "ted_main.csv", "ted_main.csv")
    return tmp_path


def test_moods_are_learned_from_words_and_chance_is_chance(folder, monkeypatch):
    monkeypatch.setattr(mood, "RESAMPLES", 50)
    monkeypatch.setattr(mood, "MEASURED", ("funny", "moving"))
    report = mood.run(mood.read(folder))
    learned, chance = report.models["learned"], report.models["chance"]
    assert learned["AUC"].value == 1.0
    assert chance["AUC"].low < chance["AUC"].value < chance["AUC"].high < 1.0


def test_auc_and_precision_by_hand(monkeypatch):
    monkeypatch.setattr(mood, "FIRST", 2)
    scores = np.array([[0.9], [0.8], [0.3], [0.1]])
    has = np.array([[True], [False], [True], [False]])
    assert mood.auc(scores, has) == 0.75
    assert mood.precision(scores, has) == 0.5
    assert mood.auc(np.ones((4, 1)), has) == 0.5


def test_absent_data_are_named(tmp_path):
    with pytest.raises(datasets.MissingDataError, match=r"ted_main\.csv\.zip"):
        mood.read(tmp_path)
