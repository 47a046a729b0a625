"""A site with a row of each kind, and the people who ask it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.test import Client

from accounts import service_clients
from accounts.models import User
from accounts.tests.api import token_of
from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture
from interactions import services
from interactions.models import (
    Event,
    ImportRun,
    Impression,
    Inspire,
    NotInterested,
    Rating,
)
from interactions.tests.factories import make_comment, watch
from recommender import feed
from recommender.models import (
    Activation,
    Experiment,
    ModelRun,
    PersonalizeFilter,
    RankerActivation,
    RankerRun,
)
from videos.models import Topic, Video
from videos.tests.factories import make_category, make_video

PEOPLE = ("nobody", "stranger", "owner", "staff")


@dataclass(frozen=True)
class World:
    people: dict[str, User | None]
    video: Video
    arguments: dict[str, str]  # for the parts of addresses, by the names of these
    service_client: tuple[str, str]  # id and secret

    def client(self, who: str) -> Client:
        """Logged in, if it is somebody; exceptions of views are raised."""
        client = Client()
        if user := self.people[who]:
            client.force_login(user)
        return client

    def token(self, who: str) -> str:
        user = self.people[who]
        return token_of(user) if user else ""


def make_world() -> World:
    owner, stranger = make_user(username="owner"), make_user(username="stranger")
    staff = make_user(username="staff", is_staff=True, is_superuser=True)
    category = make_category()
    video = make_video(
        creator=owner, categories=[category], content_type="video/mp4", tags=["a"]
    )
    video.video_file.save("clip", ContentFile(bytes(5000)))
    video.thumbnail.save("thumbnail", make_picture())
    owner.profile_picture.save("a.jpg", make_picture())
    for _ in range(30):
        make_video(categories=[category])
    comment = make_comment(video=video, user=owner)
    _interactions(owner, stranger, video)
    _runs(staff)
    feed.home(owner)
    token_of(owner)
    service, secret = service_clients.create(name="Client", source="upload")
    arguments: dict[str, Any] = {
        "video_id": video.video_id,
        "username": owner.username,
        "slug": category.slug,
        "mood": "funny",
        "comment_id": comment.pk,
        "session_id": owner.usersession_set.get().pk,
        "key": Experiment.objects.get().pk,
        "id": owner.pk,
        "url": "accounts/",
        "app_label": "accounts",
        "uidb36": "1",
        "path": str(owner.profile_picture).removeprefix("public/"),
        "content_type_id": "1",
    }
    return World(
        people={"nobody": None, "stranger": stranger, "owner": owner, "staff": staff},
        video=video,
        arguments={name: str(value) for name, value in arguments.items()},
        service_client=(service.client_id, secret),
    )


def _interactions(owner: User, stranger: User, video: Video) -> None:
    watch(video, user=owner)
    services.like(user=owner, video=video)
    services.follow(follower=owner, followee=stranger)
    rows = {"user": owner, "video": video}
    Inspire.objects.create(**rows)
    Rating.objects.create(**rows, percent=50)
    NotInterested.objects.create(user=owner, video=make_video())
    Impression.objects.create(**rows, feed_id=uuid4(), position=0, source="trending")
    Event.objects.create(event_id=uuid4(), user=owner, kind="watch")
    ImportRun.objects.create(source="a", stream="b", page_size=1)
    EmailAddress.objects.create(user=owner, email=owner.email, primary=True)
    RecoveryCodes.activate(stranger)
    Topic.objects.create(name="Topic", slug="topic")
    Group.objects.create(name="Group")
    PersonalizeFilter.objects.create(
        name="f", expression="INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
    )


def _runs(staff: User) -> None:
    first, second = (
        ModelRun.objects.create(run_id=name, model="als", state="trained")
        for name in ("first", "second")
    )
    Activation.objects.create(run=first, reason="By hand", by=staff)
    Experiment.objects.create(name="A", kind="ab", control=first, treatment=second)
    ranker = RankerRun.objects.create(run_id="ranker", state="refused")
    RankerActivation.objects.create(run=ranker, reason="By hand")
