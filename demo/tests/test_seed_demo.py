"""`seed_demo` makes a lively installation once, and can undo it."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

import imageio_ffmpeg
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.tests.factories import make_user
from demo.catalogue import PARENT_OF, plan_videos
from demo.media.clips import UNFINISHED
from demo.media.render import clip_paths, make_clips
from demo.publish import Published, best_of_each_category_first, published
from demo.texts import PERSONAS, creators, videos
from interactions.models import Comment, Engagement, Follow, Watch
from videos.models import Video
from videos.tests.factories import make_video

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def seed(**options) -> str:
    out = StringIO()
    values = {"videos": 8, "viewers": 20, "verbosity": 0} | options
    call_command("seed_demo", stdout=out, **values)
    return out.getvalue()


@pytest.fixture
def var(settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_texts_are_enough_distinct_and_placed():
    texts = videos()
    assert len(texts) >= 400
    assert len({text.title for text in texts}) == len(texts)
    assert len({text.sentence for text in texts}) == len(texts)
    assert {text.category for text in texts} == set(PARENT_OF)
    people = creators()
    assert len(people) == 60
    assert len({person.username for person in people}) == 60
    assert {person.parent for person in people} == set(PARENT_OF.values())
    for persona in PERSONAS:
        assert set(persona.categories) <= set(PARENT_OF)


def test_plan_keeps_series_with_one_creator_and_in_order():
    planned = plan_videos(400, 7)
    series = [video for video in planned if video.follows_on >= 0]
    assert len(series) >= 10
    for part in series:
        earlier = planned[part.follows_on]
        assert earlier.creator == part.creator
        assert earlier.age > part.age
    assert len({video.creator for video in planned}) == 60
    assert max(video.age for video in planned) <= 91
    assert len({video.clip.seed for video in planned}) == 400


@pytest.mark.django_db(transaction=True)
def test_seeding_twice_changes_nothing_and_removal_leaves_real_content(var, settings):
    real = make_video()
    first = seed()
    assert "reel-demo" in first
    assert Video.objects.filter(is_demo=True).count() == 8
    assert User.objects.filter(is_demo=True).count() == 20 + 60 + len(PERSONAS)
    watched = Watch.objects.count()
    assert watched > 50
    # The sums agree with the rows.
    video = Video.objects.filter(is_demo=True).order_by("-views").first()
    assert video is not None
    assert video.views == video.watches.filter(watch_time__gte=0.3).count() > 0
    assert Engagement.objects.filter(video=video, viewed=True).exists()
    assert video.thumbnail.storage.exists(video.thumbnail.name)
    assert video.video_file.size > 10_000
    assert video.parent_categories.count() == 1
    assert not Watch.objects.filter(timestamp__lt=video.published_at, video=video)
    mia = User.objects.get(username="mia_music")
    assert mia.check_password("reel-demo")
    assert mia.parent_category_interests.filter(slug="music").exists()
    assert not User.objects.get(username="nico_newcomer").watches.exists()
    friends = Follow.objects.exclude(followee__role=User.Role.CREATOR)
    assert not friends.exclude(followee__share_likes=True).exists()

    second = seed()
    assert "already there" in second
    assert Watch.objects.count() == watched

    files = [v.video_file.path for v in Video.objects.filter(is_demo=True)]
    fan = make_user()
    Watch.objects.create(user=fan, video=video, watch_time=1)
    seed(remove=True)
    assert list(Video.objects.all()) == [real]
    assert not User.objects.filter(is_demo=True).exists()
    assert not Follow.objects.exists()
    assert not Comment.objects.exists()
    assert not any(Path(path).exists() for path in files)


@pytest.mark.django_db
def test_videos_are_listed_once_their_clips_are_made(var):
    assert "8 videos" in seed(clips=False)
    assert published() == Published(0, 8)
    assert not Video.objects.listed().exists()
    assert Watch.objects.exists()
    mia = User.objects.get(username="mia_music")
    assert not Video.objects.visible_to(mia).exists()
    assert "already there" in seed()
    assert published() == Published(8, 8)


@pytest.mark.slow
@pytest.mark.django_db
def test_an_interrupted_run_goes_on_with_the_clips_that_it_made(var, settings):
    encoder = var / "encoder"
    encoder.write_text(
        f'#!/bin/sh\n[ -e "{var}/broken" ] && exit 1\nexec "{FFMPEG}" "$@"\n'
    )
    encoder.chmod(0o755)
    settings.FFMPEG = str(encoder)
    seed(clips=False)
    planned = plan_videos(8, 7)
    for done in make_clips([planned[5].clip], var / "demo", ffmpeg=FFMPEG):
        assert done == planned[5].clip
    (var / "broken").touch()
    with pytest.raises(CommandError):
        seed()
    assert published() == Published(1, 8)
    [listed] = Video.objects.listed()
    assert listed.external_id == "video-5"
    made = {path: path.stat().st_mtime_ns for path in (var / "demo").iterdir()}
    assert {path.suffix for path in made} == {".mp4", ".jpg"}
    # A copy that was cut short, and a folder of a killed encoder.
    other = Video.objects.get(external_id="video-2")
    other.video_file.storage.save(other.video_file.name, ContentFile(b"half a cli"))
    abandoned = var / "demo" / f"{UNFINISHED}x"
    abandoned.mkdir()
    os.utime(abandoned, (0, 0))

    (var / "broken").unlink()
    seed()
    assert published() == Published(8, 8)
    assert all(path.stat().st_mtime_ns == then for path, then in made.items())
    other.refresh_from_db()
    clip, thumbnail = clip_paths(planned[2].clip, var / "demo")
    assert Path(other.video_file.path).read_bytes() == clip.read_bytes()
    assert Path(other.thumbnail.path).read_bytes() == thumbnail.read_bytes()
    assert not abandoned.exists()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_demo_is_finished_with_the_seed_that_it_was_begun_with(var):
    seed(clips=False, seed=3, videos=2, viewers=2)
    with pytest.raises(CommandError, match="--seed"):
        seed()
    assert published() == Published(0, 2)
    seed(seed=3)
    assert published() == Published(2, 2)


def test_the_best_of_each_category_comes_first():
    planned = plan_videos(112, 7)
    category = planned[0].text.category
    [second] = [n for n in range(56, 112) if planned[n].text.category == category]
    videos = {n: Video(engagement=100 - n) for n in range(112)}
    videos[second].engagement = 1000
    order = best_of_each_category_first(videos, planned)
    assert order[0] == second
    assert order[1:56] == list(range(1, 56))
    assert order[56] == 0
    assert sorted(order) == list(range(112))


@pytest.mark.django_db
def test_external_database_gets_a_password_of_its_own(var, settings, monkeypatch):
    settings.LOCAL = False
    out = seed(videos=2, viewers=2)
    assert "reel-demo" not in out
    password = out.split("with the password ")[1].split()[0]
    assert User.objects.get(username="sam_space").check_password(password)
    assert password not in seed(videos=2, viewers=2)


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{"videos": 9999}, {"videos": 1}, {"viewers": 0}])
def test_impossible_sizes_are_refused(var, options):
    with pytest.raises(CommandError):
        seed(**options)
    assert not Video.objects.exists()
