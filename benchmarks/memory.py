"""The memory that training GraphSAGE needs: `python -m benchmarks.memory` (Linux).

A process trains some steps on a synthetic graph. The table has the peak of its memory,
minus that before the graph, and the minimum for any training: the graph (arrays and
texts of the snapshot) and the tables (parameters, gradients, Adam's two moments, and
content features).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np

from recommender.ml.data.features import ContentEncoder
from recommender.ml.data.snapshot import Edges, GraphSnapshot, Links
from recommender.ml.models.graphsage.config import Config
from recommender.ml.models.graphsage.train import GraphSageTrainer

FAN_OUT = (10, 5, 3)
NEGATIVES = 512
PARTS = 32
DAYS = 365 * 86_400.0
MB = 1 << 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.memory", description=__doc__)
    parser.add_argument("--watches", type=int, default=10_000_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--only", choices=("sampled", "full"))
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options)))
        return 0
    print(f"{'neighbours':>10}{'graph':>9}{'tables':>9}{'peak':>9}{'ratio':>9}  (MB)")
    for only in ("sampled", "full"):
        command = [sys.executable, "-m", "benchmarks.memory", *sys.argv[1:]]
        done = subprocess.run(
            [*command, "--only", only], check=True, stdout=subprocess.PIPE
        )
        result = json.loads(done.stdout)
        sizes = [f"{result[name] / MB:9.0f}" for name in ("graph", "tables", "peak")]
        print(f"{only:>10}{''.join(sizes)}{result['ratio']:9.2f}", flush=True)
    return 0


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Bytes of ``graph``, ``tables`` and ``peak``, and the ``ratio`` of the peak to the
    sum of the others."""
    fan_out = FAN_OUT if options.only == "sampled" else None
    config = Config(fan_out=fan_out, parts=PARTS, negatives=NEGATIVES)
    train(synthetic(users=300, items=200, watches=6_000), config, steps=5)
    before = memory("VmRSS")
    snapshot = synthetic(options.users, options.items, options.watches)
    Path("/proc/self/clear_refs").write_text("5")  # reset the peak
    tables = train(snapshot, config, steps=options.steps)
    peak, graph = memory("VmHWM") - before, size_of(snapshot)
    return {
        "graph": graph,
        "tables": tables,
        "peak": peak,
        "ratio": peak / (graph + tables),
    }


def train(snapshot: GraphSnapshot, config: Config, *, steps: int) -> int:
    """Train for ``steps``; returns the bytes of the tables."""
    encoder = ContentEncoder.fit(
        snapshot.texts, snapshot.duration, text_size=config.text_size, seed=0
    )
    trainer = GraphSageTrainer(snapshot, encoder, config)
    for batch in trainer.loop.batches()[:steps]:
        trainer.loop.step(batch)
    parameters = sum(each.numel() for each in trainer.network.parameters())
    return 4 * (4 * parameters + snapshot.n_items * encoder.size)


def memory(name: str) -> int:
    """Bytes of this process's memory, by the ``name`` in /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def size_of(snapshot: GraphSnapshot) -> int:
    """Bytes of all arrays and texts."""
    total = 0
    for field in fields(snapshot):
        value = getattr(snapshot, field.name)
        if isinstance(value, Edges):
            total += sum(getattr(value, f.name).nbytes for f in fields(Edges))
        elif isinstance(value, np.ndarray):
            total += value.nbytes
        elif isinstance(value, tuple):
            total += sys.getsizeof(value) + sum(map(sys.getsizeof, set(value)))
    return total


def synthetic(users: int, items: int, watches: int) -> GraphSnapshot:
    """Popularity follows a power law; a fifth of the watches are liked, a tenth have
    weight 0."""
    random = np.random.default_rng(0)
    user = random.integers(users, size=watches)
    item = (items * random.random(watches) ** 2).astype(np.int64)
    time = random.random(watches) * DAYS
    weight = np.where(random.random(watches) < 0.1, 0, random.random(watches))
    liked = slice(None, None, 5)
    every = np.arange(items)
    return GraphSnapshot.from_ids(
        taken_at=DAYS,
        user_ids=np.arange(users),
        item_ids=every,
        texts=[f"title {n % 997} of part {n % 101} number {n}" for n in range(items)],
        duration=random.uniform(20, 600, items),
        created=random.random(items) * DAYS,
        category_ids=np.arange(40),
        category_parent_ids=np.arange(40) // 4,
        parent_ids=np.arange(10),
        relations={
            "watched": Links(user, item, weight, time),
            "liked": Links(user[liked], item[liked], 1.0, time[liked]),
            "uploaded": Links(random.integers(users // 20, size=items), every),
            "in_category": Links(every, every % 40),
            "in_parent": Links(every, every % 40 // 4),
            "interested_in": Links(np.arange(users), np.arange(users) % 10),
        },
    )


if __name__ == "__main__":
    sys.exit(main())
