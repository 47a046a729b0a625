"""Trains a small model, as a process of its own or one of several of `torchrun`.

    python -m recommender.tests.ml.train.train_one MODEL CONFIG OUTPUT [CHECKPOINTS]

Writes the arrays of the artifact and the losses; prints a line for each epoch.
"""

import json
import sys
import weakref
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch

from recommender.ml.models import registry
from recommender.ml.store import checkpoints
from recommender.ml.train import distributed
from recommender.tests.ml.worlds import two_communities


def main(*arguments):
    torch.set_num_threads(1)
    with distributed.process_group() as is_leader:
        group = torch.distributed.group.WORLD
        is_alive = weakref.ref(group) if group else lambda: None
        del group
        if is_leader:
            train(*arguments)
    if is_alive():  # its threads may abort the interpreter's end
        sys.exit("The process group is still referred to.")


def train(name, config, output, folder=None):
    size = distributed.Group.current().size
    storing = nullcontext()
    if folder:
        storing = checkpoints.stored_in(Path(folder), seconds=0)
    steps = []

    def record(step):
        steps.append([step.stage, step.epoch, step.loss, step.validation])
        print(step.stage, step.epoch, flush=True)

    with storing:
        snapshot = two_communities(users=120)
        model = registry.fit(name, snapshot, json.loads(config), record)
    np.savez(
        output,
        **model.parts().arrays,
        steps=json.dumps(steps),
        processes=size,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
