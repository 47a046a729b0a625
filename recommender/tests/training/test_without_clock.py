"""Data whose times say nothing are imported, trained on and evaluated all the same."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from django.core.management import call_command

from accounts.models import User
from imports.tests import folders
from recommender import feed
from recommender.models import ModelRun
from recommender.registry.activation import MODELS, active_run

pytestmark = pytest.mark.django_db


def test_times_that_are_all_equal(tmp_path, capsys):
    random = np.random.default_rng(7)
    rows = [
        f"{kind}-fan-{fan},{kind}-{item},1700000000"
        for kind, fan in product(("jazz", "chess"), range(25))
        for item in random.choice(20, size=8, replace=False)
    ]
    text = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows])
    folder = folders.personalize(tmp_path, text)
    call_command("import_dataset", folder, format="csv", verbosity=0)
    assert "all 400 interactions have the time" in capsys.readouterr().err

    call_command("train_model", model="co_watch", verbosity=0)

    output = capsys.readouterr()
    assert "random watches of each person, as there are no times" in output.err
    assert "Full ranking: 50 people, 50 held-out watches." in output.out
    run = ModelRun.objects.get()
    assert active_run(MODELS) == run, run.note
    assert run.metrics["users"] == 50
    fan = User.objects.get(external_id="jazz-fan-0")
    page = feed.home(fan, size=10)
    kinds = [item.video.external_id.partition("-")[0] for item in page.items]
    assert kinds.count("jazz") >= 7
