"""The demo's people: creators with pictures, personas to log in as, and viewers."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import numpy as np
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from PIL import Image

from accounts.models import User
from demo import texts
from demo.catalogue import PARENT_OF
from demo.media import portraits

SOURCE = "demo"

FIRST = (
    *("quiet", "brave", "misty", "amber", "lucky", "silver", "gentle", "rapid"),
    *("sunny", "velvet", "cosmic", "mellow", "tiny", "bold", "curious", "drowsy"),
    *("electric", "fuzzy", "golden", "humble", "icy", "jolly", "keen", "lunar"),
)
SECOND = (
    *("otter", "falcon", "maple", "comet", "pebble", "lantern", "harbor", "willow"),
    *("badger", "raven", "clover", "ember", "heron", "juniper", "koala", "lynx"),
    *("meadow", "nomad", "orchid", "piper", "quill", "robin", "sparrow", "tulip"),
)


def make_creators(now: datetime, seed: int) -> list[User]:
    """Store the creators, with generated pictures."""
    people = []
    looks: dict[str, list[str]] = {}
    for category, parent in PARENT_OF.items():
        looks.setdefault(parent, []).append(category)
    for number, text in enumerate(texts.creators()):
        first, _, last = text.name.partition(" ")
        person = User(
            username=text.username,
            email=f"{text.username}@example.com",
            first_name=first,
            last_name=last,
            bio=text.about,
            location=text.place,
            role=User.Role.CREATOR,
            verified=number % 4 == 0,
            password=make_password(None),
            source=SOURCE,
            external_id=f"creator-{number}",
            is_demo=True,
            show_interests=True,
            show_follows=True,
            date_joined=now - timedelta(days=100 + number),
        )
        _draw(person, text.name, looks[text.parent][number % 4], seed + number)
        people.append(person)
    return User.objects.bulk_create(people)


def make_personas(now: datetime, seed: int, password: str) -> list[User]:
    """Store the personas, all with the password `password`."""
    hashed = make_password(password)
    people = []
    for number, text in enumerate(texts.PERSONAS):
        first, _, last = text.name.partition(" ")
        person = User(
            username=text.username,
            email=f"{text.username}@example.com",
            first_name=first,
            last_name=last,
            bio=text.bio,
            password=hashed,
            source=SOURCE,
            external_id=f"persona-{number}",
            is_demo=True,
            show_interests=True,
            show_follows=True,
            date_joined=now - timedelta(days=65 if text.sessions else 0),
        )
        _draw(person, text.name, "", seed + 1000 + number)
        people.append(person)
    people = User.objects.bulk_create(people)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, verified=True, primary=True)
        for person in people
    )
    return people


def make_viewers(count: int, now: datetime, seed: int) -> list[User]:
    """Store the crowd, without passwords and e-mails; a third share their likes."""
    rng = np.random.default_rng(seed)
    people = []
    for number in range(count):
        first, second = FIRST[number % len(FIRST)], rng.choice(SECOND)
        people.append(
            User(
                username=f"{first}_{second}_{number}",
                password=make_password(None),
                source=SOURCE,
                external_id=f"viewer-{number}",
                is_demo=True,
                show_interests=True,
                show_follows=True,
                share_likes=number % 3 == 0,
                date_joined=now - timedelta(days=62 + float(rng.uniform(0, 200))),
            )
        )
    return User.objects.bulk_create(people, batch_size=1000)


def _draw(person: User, name: str, look: str, seed: int) -> None:
    """Store a picture of the person, and a banner of `look` unless it is empty."""
    picture = _jpeg(portraits.avatar(name, seed))
    person.profile_picture.save("avatar.jpg", picture, save=False)
    if look:
        banner = _jpeg(portraits.banner(look, seed))
        person.banner_image.save("banner.jpg", banner, save=False)


def _jpeg(image: Image.Image) -> ContentFile[bytes]:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return ContentFile(buffer.getvalue())
