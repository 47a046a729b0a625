"""Training in several processes equals one; a killed training goes on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[4]
MODULE = "recommender.tests.ml.train.train_one"
CONFIGS = {
    "graphsage": {
        "dim": 16,
        "epochs": 2,
        "batch_size": 256,
        "blocks": 4,
        "text_size": 8,
        "negatives": 30,
        "contrast_weight": 0.1,
        "fan_out": [5, 4, 3],
        "parts": 2,
    },
    "graphsage_ids": {"dim": 16, "epochs": 2, "batch_size": 50, "negatives": 30}
    | {"people_weight": 0.5},
    "lightgcn": {"dim": 8, "epochs": 4, "batch_size": 200, "check_every": 1},
    "ncf": {"dim": 8, "epochs": 3, "batch_size": 500, "learning_rate": 0.01},
    "sequence": {"dim": 8, "length": 10, "epochs": 4, "batch_size": 50}
    | {"negatives": 30},
}
PARTED = ("graphsage",)


def start(model, *arguments, processes=1, **overrides):
    launch = [sys.executable, "-m"]
    if processes > 1:
        launch += ["torch.distributed.run", "--standalone"]
        launch += ["--nproc-per-node", str(processes), "-m"]
    config = json.dumps({**CONFIGS[model], **overrides})
    return subprocess.Popen(
        [*launch, MODULE, model, config, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def trained(model, path, *arguments, **how):
    """The results of a training that ran to its end."""
    with start(model, path, *arguments, **how) as process:
        process.communicate(timeout=900)
    assert process.returncode == 0
    with np.load(path) as stored:
        results = dict(stored)
    results["steps"] = json.loads(str(results["steps"]))
    return results


@pytest.fixture(scope="module", params=CONFIGS)
def straight(request, tmp_path_factory):
    """A model, and the results of its training by one uninterrupted process."""
    folder = tmp_path_factory.mktemp("straight")
    return request.param, trained(request.param, folder / "model.npz")


def test_two_processes_equal_one(straight, tmp_path):
    """To the bit where one process computes its batches in the same parts. Otherwise
    within 5e-4: Adam divides small gradients by earlier ones, which magnifies rounding.
    `test_subgraphs` compares the parts' gradients with those of the whole batch."""
    model, one = straight[0], dict(straight[1])
    parts = {"parts": 1} if model in PARTED else {}
    two = trained(model, tmp_path / "two.npz", processes=2, **parts)
    assert (one.pop("processes"), two.pop("processes")) == (1, 2)
    tolerance = 0 if parts else 5e-4
    for ours, theirs in zip(one.pop("steps"), two.pop("steps"), strict=True):
        assert ours[:2] == theirs[:2]
        assert ours[2] == pytest.approx(theirs[2], rel=tolerance, abs=0)
    assert set(one) == set(two)
    for name, array in one.items():
        np.testing.assert_allclose(
            two[name], array, rtol=0, atol=tolerance, err_msg=name
        )


def test_a_training_killed_twice_ends_as_if_it_had_not_been(straight, tmp_path):
    model, expected = straight
    folder = tmp_path / "checkpoints"
    for stages, until in ((1, "validate 1"), (2, "train 1")):
        with start(model, tmp_path / "killed.npz", folder) as process:
            for line in process.stdout:
                if line.strip() == until:
                    process.send_signal(signal.SIGKILL)
                    break
        assert process.returncode == -signal.SIGKILL
        assert not (tmp_path / "killed.npz").exists()
        assert len(list(folder.glob("*.checkpoint"))) == stages  # the newest of each
    resumed = trained(model, tmp_path / "resumed.npz", folder)
    assert resumed.pop("steps") == expected["steps"]
    for name, array in resumed.items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)
    assert not list(folder.glob("*.part"))
