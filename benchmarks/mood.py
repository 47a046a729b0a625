"""How well moods are inferred from texts: `python -m benchmarks.mood`.

TED talks have reactions of their audience ("Funny", "Courageous", ...). A talk has a
mood if its share of that reaction is 1.5 times the usual. For one talk in five the
reactions are hidden, and the mood is inferred from title, description and tags.
"""

from __future__ import annotations

import argparse
import ast
import csv
import io
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from benchmarks import datasets, reports
from benchmarks.protocols.running import timed
from recommender.ml.evaluation.interval import Interval
from recommender.ml.labels.label_propagation import Flags, Matrix
from recommender.ml.labels.mood_classifier import MoodClassifier
from videos.moods import lexicon

SEED = 0
HIDDEN = 0.2  # of the talks
FROM = 1 / 3  # strength from which a talk has a mood: 1.5 times the usual share
FIRST = 20  # of a mood's list
RESAMPLES = 1000
# The moods for which TED has a reaction.
MEASURED = ("funny", "inspiring", "moving", "informative", "astonishing", "thoughtful")


@dataclass(frozen=True, eq=False)
class Talks:
    texts: list[str]
    words: list[list[str]]  # tags, then those of title and description
    views: Matrix  # (n,)
    reactions: list[dict[str, int]]

    def __len__(self) -> int:
        return len(self.texts)


def read(folder: Path) -> Talks:
    """Read the TED talks; raises `MissingDataError`."""
    path = folder / "ted" / "ted_main.csv.zip"
    if not path.is_file():
        raise datasets.MissingDataError(f"no {path}")
    with zipfile.ZipFile(path) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".csv"))
        text = archive.read(name).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return Talks(
        texts=[
            "\n".join(
                [row["title"], row["description"], *ast.literal_eval(row["tags"])]
            )
            for row in rows
        ],
        words=[
            [*ast.literal_eval(row["tags"]), row["title"], row["description"]]
            for row in rows
        ],
        views=np.array([float(row["views"]) for row in rows]),
        reactions=[
            {each["name"]: each["count"] for each in ast.literal_eval(row["ratings"])}
            for row in rows
        ],
    )


def run(talks: Talks) -> reports.Report:
    """One report: each method to infer moods, measured on the held-out talks."""
    random = np.random.default_rng(SEED)
    hidden = np.sort(random.permutation(len(talks))[: round(len(talks) * HIDDEN)])
    known = np.setdiff1d(np.arange(len(talks)), hidden)
    usual = lexicon.mean_shares([talks.reactions[i] for i in known])

    def table(rows: Sequence[dict[str, float]]) -> Matrix:
        return np.array([[row.get(mood, 0.0) for mood in MEASURED] for row in rows])

    truth = table([lexicon.from_reactions(row, usual) for row in talks.reactions])
    has = truth >= FROM
    hidden_texts = [talks.texts[i] for i in hidden]
    with timed("mood", "ted") as result:
        classifier = MoodClassifier.fit([talks.texts[i] for i in known], has[known])
        words = table([lexicon.from_words(talks.words[i]) for i in hidden])
        methods = {
            "chance": random.random((len(hidden), len(MEASURED))),
            "popularity": np.tile(talks.views[hidden][:, None], len(MEASURED)),
            "lexicon": words + 1e-9 * random.random(words.shape),
            "learned": classifier.probabilities(hidden_texts),
        }
        for name, scores in methods.items():
            result.add(
                name,
                {
                    "AUC": _interval(auc, scores, has[hidden]),
                    f"P@{FIRST}": _interval(precision, scores, has[hidden]),
                },
            )
        shares, learned = has[hidden].mean(0), methods["learned"]
        each = ", ".join(
            f"{mood} {share:.2f}/{_auc(learned[:, i], has[hidden][:, i]):.2f}"
            for i, (mood, share) in enumerate(zip(MEASURED, shares, strict=True))
        )
        result.notes.append(f"share of talks / AUC of `learned`: {each}")
    assert result.report is not None
    return result.report


def auc(scores: Matrix, has: Flags) -> float:
    """Mean over moods: the probability that a talk with the mood ranks before one
    without."""
    return float(
        np.mean([_auc(scores[:, i], has[:, i]) for i in range(scores.shape[1])])
    )


def _auc(scores: Matrix, has: Flags) -> float:
    positive = int(has.sum())
    if positive in (0, len(has)):
        return 0.5
    above = rankdata(scores)[has].sum() - positive * (positive + 1) / 2
    return float(above / (positive * (len(has) - positive)))


def precision(scores: Matrix, has: Flags) -> float:
    """Mean over moods: the share of the `FIRST` talks of its list that have it."""
    first = np.argsort(-scores, axis=0, kind="stable")[:FIRST]
    return float(np.take_along_axis(has, first, axis=0).mean())


def _interval(
    metric: Callable[[Matrix, Flags], float], scores: Matrix, has: Flags
) -> Interval:
    """The metric with its 95 % bootstrap interval over talks."""
    random = np.random.default_rng(SEED)
    drawn = [random.integers(len(has), size=len(has)) for _ in range(RESAMPLES)]
    low, high = np.quantile([metric(scores[i], has[i]) for i in drawn], [0.025, 0.975])
    return Interval(metric(scores, has), float(low), float(high))


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.mood", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the report to this file")
    parser.add_argument(
        "--data", type=Path, default=datasets.FOLDER, help="folder of the data sets"
    )
    options = parser.parse_args()
    try:
        report = run(read(options.data))
    except datasets.MissingDataError as error:
        print(f"benchmarks.mood: {error}", file=sys.stderr)
        return 2
    print(reports.table(report))
    if options.json:
        reports.write([report], options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
