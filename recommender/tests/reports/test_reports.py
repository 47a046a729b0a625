"""The report as files, and runs compared in the admin: in words, tables and plots."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.tests.factories import make_user
from recommender.dataset import snapshot
from recommender.ml.evaluation import per_user
from recommender.models import ModelRun
from recommender.reports import comparison, figures
from recommender.tests.planted import plant
from recommender.tests.training.test_pipeline import run_command
from recommender.training import pipeline
from recommender.training.evaluation import evaluate_runs
from videos.models import Video

pytestmark = pytest.mark.django_db
RUNS = "/admin/recommender/modelrun/"
PLOT = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)


@pytest.fixture
def runs():
    plant()
    return [pipeline.train(model=name) for name in ("co_watch", "ease")]


@pytest.fixture
def admin(client):
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def test_the_report_is_a_page_that_needs_nothing_else(tmp_path):
    plant()
    folder = tmp_path / "found"
    text = run_command("evaluate_model", model=["ease"], folder=folder)
    assert str(folder / "report.html") in text
    page = (folder / "report.html").read_text()
    report = json.loads((folder / "report.json").read_text())
    assert not re.search(r'(?:src|href)="', page)
    for name in ("ease", "als", "popularity", "Jazz"):
        assert name in page
    specs = [json.loads(found) for found in PLOT.findall(page)]
    drawn = sum(len(s.figures) for s in figures.report_sections(report, {}))
    assert len(specs) == drawn >= len(figures.METRICS) + 2
    value = report["models"]["ease"]["ndcg@10"]["value"]
    assert f"{value:.4f}" in page
    assert any(
        row.get("value") == value for spec in specs for row in spec["data"]["values"]
    )


def test_runs_judged_alike_are_compared_person_by_person(client, admin, runs, settings):
    first, second = runs
    assert first.metrics["holdout"] == second.metrics["holdout"]
    found = comparison.compare([first, second])
    assert found.paired == ""
    paired = next(s for s in found.sections if s.title == "Person by person")
    row = paired.figures[0].spec["data"]["values"][0]
    ours, theirs = (per_user.read(settings.ARTIFACTS_DIR / run.run_id) for run in runs)
    lead = (ours["ndcg@10"] - theirs["ndcg@10"]).mean()
    assert row["name"] == second.run_id
    assert row["value"] == pytest.approx(lead)
    assert row["low"] <= lead <= row["high"]
    measured = first.metrics["models"]["co_watch"]["ndcg@10"]["value"]
    assert ours["ndcg@10"].mean() == pytest.approx(measured, rel=1e-5)


def test_runs_of_different_data_are_not_and_it_says_how_to(runs):
    first, second = runs
    second.metrics["holdout"] = "another"
    found = comparison.compare([first, second])
    assert "Person by person" not in [s.title for s in found.sections]
    assert f"--run {first} {second}" in found.paired


def test_without_the_artifact_the_figures_are_left(runs, settings):
    (settings.ARTIFACTS_DIR / runs[1].run_id / per_user.FILE).unlink()
    found = comparison.compare(runs)
    assert "no longer available" in found.paired
    assert [name for name, _ in found.rows] == [run.run_id for run in runs]


def test_select_two_and_see_them_side_by_side(client, admin, runs):
    chosen = {"action": "compare_runs", "_selected_action": [r.pk for r in runs]}
    page = client.post(RUNS, chosen, follow=True)
    assert page.status_code == 200
    text = page.content.decode()
    for run in runs:
        assert run.run_id in text
    assert "Trained, and better than its baselines" in text
    assert len(PLOT.findall(text)) >= len(figures.METRICS)
    alone = {"action": "compare_runs", "_selected_action": [runs[0].pk]}
    assert "two runs or more" in client.post(RUNS, alone, follow=True).content.decode()
    assert client.get(f"{RUNS}compare/?runs={runs[0].pk}").status_code == 404
    assert client.get(f"{RUNS}compare/?runs=x,y").status_code == 404


def test_why_a_run_was_refused_stands_beside_it(client, admin, runs):
    refused = pipeline.train(model="popularity")
    page = client.get(f"{RUNS}compare/?runs={refused.pk},{runs[0].pk}")
    assert refused.note in page.content.decode().replace("&#x27;", "'")


def test_a_run_shows_its_plots_and_one_without_any_opens_too(client, admin, runs):
    page = client.get(f"{RUNS}{runs[1].pk}/change/").content.decode()
    assert "Calibration by category" in page
    assert "popularity" in page
    bare = ModelRun.objects.create(run_id="bare", model="ease")
    assert client.get(f"{RUNS}{bare.pk}/change/").status_code == 200


@pytest.mark.parametrize("who", ["anonymous", "member", "staff without rights"])
def test_others_do_not_see_it(client, runs, who):
    if who != "anonymous":
        client.force_login(make_user(is_staff=who.startswith("staff")))
    keys = ",".join(str(run.pk) for run in runs)
    assert client.get(f"{RUNS}compare/?runs={keys}").status_code in (302, 403)


def test_staff_who_may_look_may_compare(client, runs):
    user = make_user(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_modelrun"))
    client.force_login(user)
    keys = ",".join(str(run.pk) for run in runs)
    assert client.get(f"{RUNS}compare/?runs={keys}").status_code == 200


def test_runs_measured_anew_are_asked_the_same(runs, tmp_path):
    fan = make_user()
    videos = list(Video.objects.order_by("pk")[:3])
    for video, days in ((videos[0], 1), (videos[1], 1), (videos[2], -1)):
        at = timezone.now() - timedelta(days=days)
        fan.engagements.create(
            video=video, fraction=0.9, viewed=True, score=0.5, last_at=at
        )
    keys = [run.run_id for run in runs]
    found = evaluate_runs(keys, snapshot.take()).report
    assert list(found["models"]) == [*keys, "popularity", "als"]
    assert found["users"] == 1
    assert set(found["differences"][keys[0]]) == {keys[1], "popularity", "als"}
