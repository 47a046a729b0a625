"""Experiments from the first feed to the verdict, with real feeds and real watches."""

from __future__ import annotations

import shutil
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions.models import Engagement, Watch
from interactions.services import record_watch
from recommender import feed
from recommender.experiments import analysis, services
from recommender.experiments.assignment import arm_of
from recommender.feeds import pagination
from recommender.ml.experiments import confidence_sequences
from recommender.ml.experiments.interleaving import CONTROL, TREATMENT
from recommender.models import Experiment, Exposure, ModelRun
from recommender.registry import serving
from recommender.tests.planted import plant
from recommender.training import pipeline, prune
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
LATER = timedelta(days=8)


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch):
    monkeypatch.setattr(serving, "CHECK_EVERY", 0.0)


@pytest.fixture
def world():
    return plant()


def make_run(name):
    """A run of the model, whether or not it would be let into service."""
    return pipeline.train(model=name, activate=False)


def make_experiment(kind="ab", **overrides):
    values = {
        "name": "Popularity or co-watch",
        "kind": kind,
        "share": 1.0,
        "smallest_effect": 0.2,
    }
    for arm, model in ((CONTROL, "popularity"), (TREATMENT, "co_watch")):
        if arm not in overrides:
            values[arm] = make_run(model)
    return Experiment.objects.create(**(values | overrides))


def start(experiment, monkeypatch):
    """Start, in a world too small to plan by at the usual size."""
    monkeypatch.setattr(confidence_sequences, "MINIMUM", 20)
    people = [make_user() for _ in range(20)]
    video = make_video(visibility="unlisted")
    for person in people[::2]:
        watch_in(None, person, video)
    for person in people[1::2]:
        watch_in(None, person, video, fraction=0.1)
    return services.start(experiment=experiment)


def watch_in(page, user, video, *, fraction=0.9, at=None):
    return record_watch(
        user=user,
        video=video,
        session_id=uuid4(),
        fraction=fraction,
        seconds=54.0,
        at=at or timezone.now(),
        feed_id=page.feed_id if page else None,
    )


class TestAssignment:
    def test_it_is_always_the_same_and_even(self):
        salt = uuid4()
        arms = [arm_of(key, salt=salt, share=1.0) for key in range(4000)]
        assert arms == [arm_of(key, salt=salt, share=1.0) for key in range(4000)]
        assert 1850 < arms.count(TREATMENT) < 2150
        assert arms.count(None) == 0

    def test_a_share_takes_part_and_more_join_as_it_grows(self):
        salt = uuid4()
        few = {k for k in range(4000) if arm_of(k, salt=salt, share=0.1)}
        more = {k for k in range(4000) if arm_of(k, salt=salt, share=0.4)}
        assert few < more
        assert 320 < len(few) < 480
        assert 1450 < len(more) < 1750

    def test_another_salt_assigns_independently(self):
        one, other = uuid4(), uuid4()
        both = sum(
            arm_of(k, salt=one, share=1) == arm_of(k, salt=other, share=1)
            for k in range(4000)
        )
        assert 1850 < both < 2150


class TestStarting:
    def test_one_at_a_time_and_once(self, world, monkeypatch):
        first = make_experiment("interleaving")
        second = make_experiment(
            "interleaving",
            name="Another",
            control=first.control,
            treatment=first.treatment,
        )
        services.start(experiment=first)
        assert first.planned_people == 376  # ((3.035 + 0.842) / 0.2) ^ 2
        with pytest.raises(services.ExperimentRefused, match="Another"):
            services.start(experiment=second)
        services.stop(experiment=first)
        with pytest.raises(services.ExperimentRefused, match="before"):
            services.start(experiment=first)
        services.start(experiment=Experiment.objects.get(pk=second.pk))

    def test_a_run_without_its_artifact_is_refused(self, world, settings):
        experiment = make_experiment("interleaving")
        folder = settings.ARTIFACTS_DIR / experiment.control.run_id
        (folder / "manifest.json").unlink()
        with pytest.raises(services.ExperimentRefused, match="cannot serve"):
            services.start(experiment=experiment)

    def test_an_ab_experiment_needs_views_to_plan_by(self, world):
        with pytest.raises(services.ExperimentRefused, match="too few"):
            services.start(experiment=make_experiment())

    def test_the_plan_goes_by_how_views_differ(self, world, monkeypatch):
        # Half of 20 people viewed once, half not at all: mean 0.5, deviation 0.5.
        experiment = start(make_experiment(), monkeypatch)
        expected = confidence_sequences.people_needed(deviation=1.0, effect=0.1)
        assert experiment.planned_people == expected

    def test_artifacts_of_an_experiment_are_not_pruned(
        self, world, settings, monkeypatch
    ):
        monkeypatch.setattr(prune, "NEWEST", 0)
        experiment = make_experiment("interleaving")
        other = make_run("co_watch")
        prune.prune_models()
        assert not (settings.ARTIFACTS_DIR / other.run_id).exists()
        services.start(experiment=experiment)
        services.stop(experiment=experiment)
        prune.prune_models()
        assert not (settings.ARTIFACTS_DIR / experiment.control.run_id).exists()


class TestServing:
    def test_each_arm_has_its_run_and_others_do_not_take_part(self, world, monkeypatch):
        active = pipeline.train(model="co_watch")
        experiment = start(make_experiment(share=0.5, treatment=active), monkeypatch)
        fans = world.fans[0] + world.fans[1]
        for fan in fans:
            page = feed.home(fan)
            arm = arm_of(fan.pk, salt=experiment.salt, share=0.5)
            exposed = Exposure.objects.filter(feed_id=page.feed_id)
            assert [e.arm for e in exposed] == ([arm] if arm else [])
            expected = "popularity" if arm == CONTROL else "co_watch"
            learned = {i.source for i in page.items} & {"popularity", "co_watch"}
            assert learned == {expected}
        assert 10 < Exposure.objects.count() < 50
        feed.home(AnonymousUser())
        private = make_user(record_history=False)
        feed.home(private)
        assert not Exposure.objects.filter(user=private).exists()

    def test_lists_are_not_part_of_it_and_load_more_is_the_same_feed(
        self, world, monkeypatch
    ):
        start(make_experiment(), monkeypatch)
        fan = world.fans[0][0]
        page = feed.home(fan, size=6)
        feed.home(fan, cursor=page.next_cursor, size=6)
        feed.explore(fan)
        assert Exposure.objects.filter(user=fan).count() == 1
        feed.related(fan, world.videos[0][0])
        assert Exposure.objects.filter(user=fan).count() == 2

    def test_an_experiment_without_both_models_does_not_run(
        self, world, settings, monkeypatch
    ):
        experiment = start(make_experiment(), monkeypatch)
        folder = settings.ARTIFACTS_DIR / experiment.treatment.run_id
        folder.rename(folder.with_name("elsewhere"))
        assert feed.home(world.fans[0][0]).items
        assert not Exposure.objects.exists()

    def test_an_interleaved_feed_records_the_team_of_each_video(
        self, world, monkeypatch
    ):
        monkeypatch.setattr(pagination, "PLAN_SIZE", 12)
        services.start(experiment=make_experiment("interleaving"))
        fan = world.fans[0][0]
        keys, cursor = [], ""
        while True:
            page = feed.home(fan, cursor=cursor, size=8)
            keys += [item.video.pk for item in page.items]
            exposure = Exposure.objects.get(user=fan)
            assert exposure.feed_id == page.feed_id
            assert {str(key) for key in keys} <= set(exposure.teams)
            cursor = page.next_cursor
            if not cursor:
                break
        assert len(keys) == len(set(keys)) == 40 - 8
        teams = [exposure.teams[str(key)] for key in keys]
        assert abs(teams[:12].count(TREATMENT) - 6) <= 1

    def test_after_it_is_stopped_the_active_run_serves_all(self, world, monkeypatch):
        active = pipeline.train(model="co_watch")
        experiment = start(make_experiment(treatment=active), monkeypatch)
        services.stop(experiment=experiment)
        for fan in world.fans[0][:5]:
            assert "popularity" not in {i.source for i in feed.home(fan).items}
        assert not Exposure.objects.exists()


def visit(world, kind, user, *, look=8):
    """Someone of a kind opens Home, looks at the first, and views what they like."""
    page = feed.home(user)
    own = set(world.videos[kind])
    for item in page.items[:look]:
        if item.video in own:
            watch_in(page, user, item.video)
    return page


def newcomers(world, kind, count):
    """People who watched two videos of their kind, so that taste can be told."""
    people = [make_user() for _ in range(count)]
    for person in people:
        for video in world.videos[kind][:2]:
            watch_in(None, person, video, at=timezone.now() - timedelta(days=40))
    return people


@pytest.mark.slow
class TestReadout:
    def read(self, experiment):
        experiment.refresh_from_db()
        return analysis.read(experiment, at=timezone.now() + LATER)

    def test_interleaving_finds_the_better_run(self, world, monkeypatch):
        experiment = services.start(experiment=make_experiment("interleaving"))
        for kind in (0, 1):
            for person in newcomers(world, kind, 60):
                visit(world, kind, person, look=16)
        found = self.read(experiment)
        assert found.exposed == {"both": 120}
        assert found.finished > confidence_sequences.MINIMUM
        assert found.effect.low > 0
        assert found.stop
        assert "co_watch" in found.verdict
        assert "treatment" in found.verdict

    def test_ab_finds_the_better_run(self, world, monkeypatch):
        experiment = start(make_experiment(), monkeypatch)
        for kind in (0, 1):
            for person in newcomers(world, kind, 40):
                visit(world, kind, person)
        found = self.read(experiment)
        assert sum(found.exposed.values()) == found.finished == 80
        assert found.effect.low > 0
        assert "treatment" in found.verdict
        means = {arm: figures["views"].value for arm, figures in found.arms.items()}
        assert means[TREATMENT] > means[CONTROL]
        # By hand: the views of each arm's people, from the rows.
        for arm in (CONTROL, TREATMENT):
            people = Exposure.objects.filter(arm=arm).values("user")
            feeds = Exposure.objects.filter(arm=arm).values("feed_id")
            views = Watch.objects.filter(feed_id__in=feeds, counted=True).count()
            assert means[arm] == pytest.approx(views / people.count())
        assert found.mismatch > analysis.MISMATCH

    def test_a_run_against_its_double_shows_no_difference(self, world, monkeypatch):
        experiment = make_experiment(
            "interleaving",
            control=make_run("co_watch"),
            treatment=make_run("co_watch"),
        )
        services.start(experiment=experiment)
        for kind in (0, 1):
            for person in newcomers(world, kind, 55):
                visit(world, kind, person)
        found = self.read(experiment)
        assert found.effect.low < 0 < found.effect.high
        assert not found.stop
        assert "Undecided" in found.verdict


class TestReading:
    """Rows written by hand, so that each rule shows."""

    def experiment(self, kind="ab", **overrides):
        runs = {
            arm: ModelRun.objects.create(run_id=arm, model="co_watch")
            for arm in (CONTROL, TREATMENT)
        }
        return make_experiment(
            kind,
            **runs,
            state="running",
            planned_people=1000,
            started_at=timezone.now() - timedelta(days=30),
            **overrides,
        )

    def expose(self, experiment, *, user=None, at=None, arm="", teams=None):
        user = user or make_user()
        return Exposure.objects.create(
            experiment=experiment,
            user=user,
            feed_id=uuid4(),
            arm=arm,
            teams=teams or {},
            created_at=at or timezone.now(),
        )

    def test_only_the_window_counts_and_only_when_it_is_over(self, world):
        experiment = self.experiment()
        now = timezone.now()
        video, other, third = world.videos[0][:3]
        done = self.expose(experiment, arm=TREATMENT, at=now - timedelta(days=8))
        self.expose(experiment, arm=CONTROL, at=now - timedelta(days=3))
        for seen, days in ((video, 9), (other, 7), (third, 0.5)):
            watch_in(None, done.user, seen, at=now - timedelta(days=days))
        found = analysis.views(experiment, until=now)
        assert found.people.tolist() == [done.user_id]
        assert found.values["views"].tolist() == [1]
        assert "Too early" in analysis.read(experiment, at=now).verdict

    def test_nobody_finishes_after_it_was_stopped(self, world):
        experiment = self.experiment(stopped_at=timezone.now())
        self.expose(experiment, arm=CONTROL, at=timezone.now() - timedelta(days=3))
        found = analysis.read(experiment, at=timezone.now() + timedelta(days=30))
        assert found.finished == 0
        assert found.exposed == {CONTROL: 1, TREATMENT: 0}

    def test_a_feed_is_won_by_whoever_placed_what_was_viewed(self, world):
        experiment = self.experiment("interleaving")
        ours, theirs, both = (str(v.pk) for v in world.videos[0][:3])
        teams = {ours: TREATMENT, theirs: CONTROL, both: TREATMENT}
        start = timezone.now() - timedelta(days=20)
        user, idle = make_user(), make_user()
        feeds = [
            self.expose(experiment, user=user, at=start, teams=teams) for _ in range(3)
        ]
        self.expose(experiment, user=idle, at=start, teams=teams)
        for exposure, places in ((feeds[0], (0, 2)), (feeds[1], (1,))):
            for place in places:
                Watch.objects.create(
                    user=user,
                    video=world.videos[0][place],
                    feed_id=exposure.feed_id,
                    counted=True,
                    timestamp=start + timedelta(hours=1),
                )
        found = analysis.preferences(experiment, until=timezone.now())
        assert found.people.tolist() == [user.pk]
        assert found.values["preference"].tolist() == [0.0]
        Watch.objects.filter(feed_id=feeds[1].feed_id).delete()
        found = analysis.preferences(experiment, until=timezone.now())
        assert found.values["preference"].tolist() == [1.0]

    def test_arms_of_different_size_are_not_trusted(self, world):
        experiment = self.experiment()
        for n in range(150):
            self.expose(experiment, arm=TREATMENT if n % 5 else CONTROL)
        found = analysis.read(experiment, at=timezone.now())
        assert found.mismatch < analysis.MISMATCH
        assert "Do not trust" in found.verdict


def test_a_person_who_leaves_takes_their_exposures_along(world, monkeypatch):
    start(make_experiment(), monkeypatch)
    fan = world.fans[0][0]
    feed.home(fan)
    Engagement.objects.filter(user=fan).delete()
    fan.delete()
    assert not Exposure.objects.exists()


class TestAdmin:
    PAGES = "/admin/recommender/experiment/"

    @pytest.fixture
    def admin(self, client):
        user = make_user(is_staff=True, is_superuser=True)
        client.force_login(user)
        return user

    def add(self, client):
        values = {
            "name": "One or the other",
            "kind": "interleaving",
            "control": make_run("popularity").pk,
            "treatment": make_run("co_watch").pk,
            "share": "0.5",
            "smallest_effect": "0.1",
            "window_days": "7",
        }
        response = client.post(f"{self.PAGES}add/", values)
        assert response.status_code == 302, response.context["errors"]
        return Experiment.objects.get()

    def test_planned_started_read_and_stopped(self, client, admin, world):
        experiment = self.add(client)
        page = f"{self.PAGES}{experiment.pk}/"
        assert "cannot be changed" in client.get(f"{page}start/").content.decode()
        experiment.refresh_from_db()
        assert experiment.state == Experiment.State.DRAFT
        client.post(f"{page}start/")
        experiment.refresh_from_db()
        assert experiment.state == Experiment.State.RUNNING
        feed.home(world.fans[0][0])
        text = client.get(f"{page}change/").content.decode()
        assert "Too early" in text
        assert "of 1503 planned" in text
        assert "confidence sequence" in text
        changed = client.post(f"{page}change/", {"name": "Renamed", "share": "1"})
        assert changed.status_code == 403
        assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
        client.post(f"{page}stop/")
        experiment.refresh_from_db()
        assert experiment.state == Experiment.State.STOPPED
        assert experiment.name == "One or the other"
        again = client.post(f"{page}start/", follow=True)
        assert "was started before" in again.content.decode()

    def test_what_cannot_start_is_not_offered(self, client, admin, world):
        experiment = self.add(client)
        page = f"{self.PAGES}{experiment.pk}/"
        assert f"{page}start/" in client.get(f"{page}change/").text
        assert "is not running" in client.get(f"{page}stop/", follow=True).text
        shutil.rmtree(experiment.treatment.folder)
        text = client.get(f"{page}change/").text
        assert f"{page}start/" not in text
        assert "It cannot start" in text
        asked = client.get(f"{page}start/", follow=True).text
        assert "cannot be changed afterwards" not in asked
        assert "cannot serve" in asked

    def test_the_same_run_twice_is_no_experiment(self, client, admin, world):
        run = make_run("co_watch")
        values = {
            "name": "Nothing",
            "kind": "ab",
            "control": run.pk,
            "treatment": run.pk,
            "share": "0.5",
            "smallest_effect": "0.1",
            "window_days": "7",
        }
        response = client.post(f"{self.PAGES}add/", values)
        assert "two different runs" in response.content.decode()

    @pytest.mark.parametrize("who", ["anonymous", "member", "staff"])
    def test_others_neither_see_nor_start_one(self, client, world, who):
        experiment = make_experiment("interleaving")
        if who != "anonymous":
            client.force_login(make_user(is_staff=who == "staff"))
        page = f"{self.PAGES}{experiment.pk}/"
        for response in (client.get(f"{page}change/"), client.post(f"{page}start/")):
            assert response.status_code in (302, 403)
        experiment.refresh_from_db()
        assert experiment.state == Experiment.State.DRAFT

    def test_the_band_is_drawn_once_anything_is_said(
        self, client, admin, world, monkeypatch
    ):
        monkeypatch.setattr(confidence_sequences, "MINIMUM", 10)
        experiment = self.add(client)
        services.start(experiment=experiment)
        start = timezone.now() - timedelta(days=9)
        Experiment.objects.update(started_at=start)
        video = world.videos[0][0]
        for _ in range(14):
            exposure = Exposure.objects.create(
                experiment=experiment,
                user=make_user(),
                feed_id=uuid4(),
                teams={str(video.pk): TREATMENT},
                created_at=start,
            )
            Watch.objects.create(
                user=exposure.user,
                video=video,
                feed_id=exposure.feed_id,
                counted=True,
                timestamp=start + timedelta(hours=1),
            )
        page = client.get(f"{self.PAGES}{experiment.pk}/change/").content.decode()
        assert "As people came in" in page
        assert "14 of 1503 planned" in page
        assert "(treatment) is better" in page
