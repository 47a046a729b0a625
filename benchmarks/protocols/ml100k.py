"""The platform's own commands from an empty folder on: import, train, index, evaluate.

On an embedded PostgreSQL of its own, as `make run` would have it, with MovieLens-100K.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import datasets
from benchmarks.protocols.running import timed
from benchmarks.reports import Report
from recommender.ml.evaluation.interval import Interval

METRICS = ("recall@10", "recall@20", "ndcg@10", "ndcg@20", "hr@10")
PROJECT = Path(__file__).resolve().parents[2]


class CommandFailed(Exception):
    """One of the platform's commands failed; the message has its last words."""


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """One report; ``only`` may name one model to train, `graphsage` without it."""
    ratings = datasets.found(folder / "ml100k").resolve()
    model = only[0] if only else "graphsage"
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as var,
        timed("ml100k", "ml100k") as result,
    ):
        path = Path(var) / "report.json"
        for name, *arguments in (
            ("migrate", "--verbosity=0"),
            ("import_dataset", "--format=movielens-100k", str(ratings)),
            ("train_model", f"--model={model}", f"--json={path}"),
        ):
            seconds = _command(Path(var), name, *arguments)
            result.notes.append(f"{name}: {seconds:.0f} s")
        report = json.loads(path.read_text())
        for name, measured in report["models"].items():
            result.models[name] = {m: Interval(**measured[m]) for m in METRICS}
    assert result.report
    yield result.report


def _command(var: Path, name: str, *arguments: str) -> float:
    """Run ``manage.py name`` with ``var`` as its VAR_DIR; the seconds that it took.

    A model that does not beat popularity is refused, and measured all the same.
    """
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(PROJECT / "manage.py"), name, *arguments],
        env={**os.environ, "VAR_DIR": str(var)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "was refused" not in done.stderr:
        raise CommandFailed(f"{name}: {done.stderr.strip()[-2000:]}")
    return time.perf_counter() - began
