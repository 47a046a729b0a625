"""The platform's commands on MovieLens-100K: import, train, index, evaluate.

They start from an empty folder with an embedded PostgreSQL, as `make run` does.
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
    """A command of the platform failed; the message has the end of its output."""


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """One report, of the first model in ``only``, by default `graphsage`."""
    ratings = datasets.existing(folder / "ml100k").resolve()
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
    """Run ``manage.py name`` with ``var`` as its VAR_DIR; returns the seconds.

    A model refused because it does not beat popularity is measured like others.
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
