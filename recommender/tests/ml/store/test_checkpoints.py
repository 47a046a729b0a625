import io
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from recommender.ml.data.features import ContentEncoder
from recommender.ml.models import registry
from recommender.ml.models.graphsage.config import Config
from recommender.ml.models.graphsage.train import GraphSageTrainer
from recommender.ml.store import checkpoints
from recommender.ml.store.checkpoints import Slot
from recommender.ml.train.loop import save_state
from recommender.tests.ml.worlds import two_communities

BEFORE = Path(__file__).parent / "before"
SMALL = {"dim": 8, "epochs": 4, "batch_size": 128, "blocks": 2, "text_size": 4}


def saved(text):
    return lambda file: file.write(text.encode())


def test_a_slot_holds_what_was_written_last(tmp_path):
    slot = Slot(tmp_path / "stored" / "one.checkpoint")
    assert slot.read(Path.read_text) is None
    for text in ("first", "second"):
        slot.write(saved(text))
    assert slot.read(Path.read_text) == "second"
    assert [path.name for path in (tmp_path / "stored").iterdir()] == ["one.checkpoint"]


def test_an_interrupted_write_replaces_nothing(tmp_path):
    slot = Slot(tmp_path / "one.checkpoint")
    slot.write(saved("whole"))

    def killed(file):
        file.write(b"ha")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        slot.write(killed)
    assert slot.read(Path.read_text) == "whole"


@pytest.mark.parametrize("write", [1, 2, 4])
def test_ctrl_c_during_a_write_stays_an_interrupt(tmp_path, write):
    """An error in its place would mark the run failed and delete its checkpoints."""

    class Interrupted(io.BytesIO):
        writes = 0

        def write(self, data):
            self.writes += 1
            if self.writes == write:
                raise KeyboardInterrupt
            return super().write(data)

    with pytest.raises(KeyboardInterrupt):
        save_state({"weights": torch.zeros(100, 100)}, Interrupted())


def test_it_is_not_written_before_its_time(tmp_path):
    slot = Slot(tmp_path / "one.checkpoint", seconds=3600)
    slot.write(saved("too early"))
    assert slot.read(Path.read_text) is None
    slot.write(saved("asked for"), now=True)
    assert slot.read(Path.read_text) == "asked for"


def test_without_a_place_nothing_is_stored():
    slot = Slot()
    slot.write(lambda _: pytest.fail("no place"), now=True)
    assert slot.read(Path.read_text) is None


def test_each_training_has_a_slot_of_its_own(tmp_path):
    snapshot, other = two_communities(), two_communities(seed=1)
    trainings = [
        (snapshot, Config(), "train"),
        (snapshot, Config(), "validate"),
        (snapshot, Config(dim=8), "train"),
        (other, Config(), "train"),
        (snapshot, Config(), "train"),
    ]
    with checkpoints.stored_in(tmp_path, seconds=0):
        for number, each in enumerate(trainings):
            checkpoints.slot("graphsage", *each).write(saved(str(number)))
        found = [
            checkpoints.slot("graphsage", *each).read(Path.read_text)
            for each in trainings
        ]
    assert found == ["4", "1", "2", "3", "4"]
    assert checkpoints.exist_in(tmp_path)
    assert not checkpoints.exist_in(tmp_path / "elsewhere")


def test_an_unreadable_checkpoint_is_ignored_with_a_warning(tmp_path, caplog):
    snapshot = two_communities(users=20)
    config = Config(**{**SMALL, "epochs": 1})
    encoder = ContentEncoder.fit(snapshot.texts, snapshot.duration, text_size=4, seed=0)
    with checkpoints.stored_in(tmp_path, seconds=0):
        checkpoints.slot("graphsage", snapshot, config, "train").write(
            saved("half of it")
        )
        found = list(GraphSageTrainer(snapshot, encoder, config).run(1, stage="train"))
    assert len(found) == 1
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("stopped_after", [1, 5, 11])
def test_a_training_goes_on_within_an_epoch(tmp_path, stopped_after):
    snapshot = two_communities(users=120)
    encoder = ContentEncoder.fit(snapshot.texts, snapshot.duration, text_size=4, seed=0)

    def trainer(limit=None):
        trainer = GraphSageTrainer(snapshot, encoder, Config(**SMALL))
        taken, losses = [], trainer.loop.losses

        def limited(batch, step):
            taken.append(step)
            if limit is not None and len(taken) > limit:
                raise InterruptedError
            return losses(batch, step)

        trainer.loop.losses = limited
        return trainer, taken

    straight, every = trainer()
    expected = list(straight.run(2, stage="train"))
    assert len(every) > 2 * stopped_after
    with checkpoints.stored_in(tmp_path, seconds=0):
        with pytest.raises(InterruptedError):
            list(trainer(stopped_after)[0].run(2, stage="train"))
        resumed, taken = trainer()
        found = list(resumed.run(2, stage="train"))
    assert taken == list(range(stopped_after, len(every)))
    assert [step.loss for step in found] == [step.loss for step in expected]
    for one, other in zip(
        resumed.network.parameters(), straight.network.parameters(), strict=True
    ):
        np.testing.assert_array_equal(one.detach(), other.detach())


@pytest.mark.parametrize("name", ["lightgcn", "ncf", "sequence"])
def test_every_network_goes_on_from_its_checkpoint(tmp_path, name):
    snapshot = two_communities(users=20)
    config = {"dim": 8, "batch_size": 64, "stop_after": 4}
    straight, steps = registry.fit(name, snapshot, config), []

    def interrupt(step):
        if step.epoch == 2:
            raise InterruptedError

    with checkpoints.stored_in(tmp_path, seconds=0):
        with pytest.raises(InterruptedError):
            registry.fit(name, snapshot, config, interrupt)
        resumed = registry.fit(name, snapshot, config, steps.append)
    assert [step.epoch for step in steps] == [1, 2, 3, 4]
    for key, array in straight.parts().arrays.items():
        np.testing.assert_array_equal(resumed.parts().arrays[key], array)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("graphsage", {"dim": 4, "text_size": 4, "blocks": 2, "batch_size": 64}),
        ("graphsage_ids", {"dim": 4, "epochs": 4, "batch_size": 5, "exponent": 0.1}),
    ],
)
def test_a_checkpoint_of_the_version_before_is_resumed(tmp_path, name, config):
    """The files in ``before`` hold two epochs of four; their names are hashes of the
    training, with the module names of that version."""
    config |= {"stop_after": 4} if name == "graphsage" else {"wide": 0.0}
    snapshot, steps = two_communities(users=20), []
    shutil.copytree(BEFORE, tmp_path / "run")
    with checkpoints.stored_in(tmp_path / "run", seconds=0):
        resumed = registry.fit(name, snapshot, config, steps.append)
    restored = [
        torch.load(path, weights_only=True)["epochs"] for path in BEFORE.iterdir()
    ]
    assert [asdict(step) for step in steps[:2]] in restored  # to the second
    assert [step.epoch for step in steps] == [1, 2, 3, 4]
    straight = registry.fit(name, snapshot, config)
    np.testing.assert_allclose(resumed.vectors, straight.vectors, atol=1e-3)
