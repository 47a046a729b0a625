"""Who may do what: one row for every operation of the API, and none is missing."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator

from accounts.tests.api import ask, token_of
from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture
from interactions.services import like
from interactions.tests.factories import make_comment, watch
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db

HIDDEN = "{private}"  # a private video of the owner's
PUBLIC = "{public}"  # a public one
NEW = "horse 9 staple"  # a password
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(64)


def upload():
    return {"title": "Mine", "file": SimpleUploadedFile("a.mp4", MP4)}


def image():
    return {"image": make_picture()}


# What a visitor, a stranger and the owner get, in this order. A body is sent as JSON,
# a function makes the parts of a form.
MEMBERS = (401, 200, 200)
MEMBERS_DONE = (401, 204, 204)
ANYONE = (200, 200, 200)
OWNER = (404, 404, 200)
CASES = {
    "POST auth/signup/": (
        {
            "username": "newname",
            "email": "new@example.com",
            "password": NEW,
        },
        (201, 409, 409),
    ),
    "POST auth/login/": (
        {"login": "owner", "password": "correct horse"},
        (200, 409, 409),
    ),
    "POST auth/login/code/": ({"code": "123456"}, (401, 401, 401)),
    "GET auth/session/": (None, MEMBERS),
    "DELETE auth/session/": (None, MEMBERS_DONE),
    "POST auth/reauthentication/": ({"password": "correct horse"}, MEMBERS_DONE),
    "GET auth/sessions/": (None, MEMBERS),
    "DELETE auth/sessions/{session}/": (None, (401, 404, 204)),
    "POST auth/password/": (
        {"current_password": "correct horse", "new_password": NEW},
        MEMBERS,
    ),
    "POST auth/password/reset/": ({"email": "owner@example.com"}, (202, 202, 202)),
    "POST auth/password/reset/key/": (
        {"key": "1-x", "password": NEW},
        (400, 400, 400),
    ),
    "GET auth/email/": (None, MEMBERS),
    # Without a log-in of the last minutes, as for whatever is delicate.
    "POST auth/email/": ({"email": "other@example.com"}, (401, 401, 401)),
    "POST auth/email/verification/": ({"key": "x"}, (400, 400, 400)),
    "GET auth/authenticators/": (None, MEMBERS),
    "GET auth/authenticators/totp/": (None, MEMBERS),
    "POST auth/authenticators/totp/": ({"code": "123456"}, (401, 400, 400)),
    "DELETE auth/authenticators/totp/": (None, MEMBERS_DONE),
    "GET auth/authenticators/recovery-codes/": (None, (401, 404, 404)),
    "POST auth/authenticators/recovery-codes/": (None, (401, 400, 400)),
    "GET me/": (None, MEMBERS),
    "PATCH me/": ({"bio": "Hello"}, MEMBERS),
    "PUT me/picture/": (image, MEMBERS),
    "DELETE me/picture/": (None, MEMBERS_DONE),
    "PUT me/banner/": (image, MEMBERS),
    "DELETE me/banner/": (None, MEMBERS_DONE),
    "GET me/interests/": (None, MEMBERS),
    "PUT me/interests/": ({"interests": []}, MEMBERS),
    "GET me/mood/": (None, MEMBERS),
    "PUT me/mood/": ({"mood": "calm"}, MEMBERS),
    "GET me/export/": (None, MEMBERS),
    "POST me/deletion/": ({"password": "correct horse"}, MEMBERS_DONE),
    "GET me/videos/": (None, MEMBERS),
    "GET me/likes/": (None, MEMBERS),
    "GET me/history/": (None, MEMBERS),
    "DELETE me/history/": (None, MEMBERS_DONE),
    f"DELETE me/history/{PUBLIC}/": (None, (401, 404, 204)),
    "GET users/owner/": (None, ANYONE),
    "PUT users/owner/follow/": (None, (401, 204, 400)),
    "DELETE users/owner/follow/": (None, MEMBERS_DONE),
    "GET users/owner/followers/": (None, OWNER),
    "GET users/owner/following/": (None, OWNER),
    "GET categories/": (None, ANYONE),
    "GET videos/": (None, ANYONE),
    "POST videos/": (upload, (401, 201, 201)),
    f"GET videos/{HIDDEN}/": (None, OWNER),
    f"PATCH videos/{PUBLIC}/": ({"title": "New"}, (401, 403, 200)),
    f"DELETE videos/{PUBLIC}/": (None, (401, 403, 204)),
    f"PUT videos/{PUBLIC}/thumbnail/": (image, (401, 403, 200)),
    f"GET videos/{HIDDEN}/playback/": (None, OWNER),
    f"PUT videos/{HIDDEN}/like/": (None, (401, 404, 200)),
    f"DELETE videos/{HIDDEN}/like/": (None, (401, 404, 204)),
    f"PUT videos/{HIDDEN}/not-interested/": (None, (401, 404, 204)),
    f"DELETE videos/{HIDDEN}/not-interested/": (None, (401, 404, 204)),
    f"GET videos/{HIDDEN}/comments/": (None, OWNER),
    f"POST videos/{HIDDEN}/comments/": ({"text": "Hello"}, (401, 404, 201)),
    f"GET videos/{HIDDEN}/explanation/": (None, (401, 404, 200)),
    "DELETE comments/{comment}/": (None, (401, 403, 204)),
    "GET feeds/": (None, ANYONE),
    "GET feeds/home/": (None, ANYONE),
    "GET feeds/following/": (None, MEMBERS),
    "GET feeds/trending/": (None, ANYONE),
    "GET feeds/category/{category}/": (None, ANYONE),
    "GET feeds/mood/{mood}/": (None, ANYONE),
    f"GET feeds/related/{HIDDEN}/": (None, OWNER),
    "GET explore/people/": (None, ANYONE),
    "GET explore/map/": (None, ANYONE),
    "POST events/": (
        {"events": [{"id": str(uuid4()), "type": "watch", "video_id": "x"}]},
        ANYONE,
    ),
}


@pytest.fixture
def world():
    cache.clear()  # of what earlier requests used up
    owner = make_user(username="owner", email="owner@example.com")
    stranger = make_user()
    category = make_category()
    public = make_video(creator=owner, categories=[category], video_file="videos/a")
    private = make_video(creator=owner, visibility="private")
    watch(public, user=owner)
    like(user=owner, video=public)
    comment = make_comment(video=public, user=make_user())
    tokens = [None, token_of(stranger), token_of(owner)]
    return SimpleNamespace(
        tokens=tokens,
        names={
            "public": public.video_id,
            "private": private.video_id,
            "comment": comment.pk,
            "category": category.slug,
            "mood": "funny",
            "session": owner.usersession_set.get().pk,
        },
    )


@pytest.mark.parametrize("operation", CASES)
def test_everyone_gets_what_is_theirs(world, operation):
    body, expected = CASES[operation]
    method, path = operation.format(**world.names).split(" ")
    got = []
    for token in world.tokens:
        with transaction.atomic():
            form = {"files": body()} if callable(body) else {"body": body}
            got.append(ask(method, path, token=token, **form).status_code)
            transaction.set_rollback(True)
    assert tuple(got) == expected, got


def test_every_operation_has_its_case():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    operations = {
        f"{method.upper()} {path.removeprefix('/api/v1/')}"
        for path, methods in schema["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    }
    shapes = {_shape(operation) for operation in operations}
    assert {_shape(case) for case in CASES} == shapes
    assert len(CASES) == len(operations)


def _shape(operation: str) -> str:
    """With `*` for whatever stands for a thing: names of things are no addresses."""
    words = operation.replace("users/owner/", "users/{username}/").split("/")
    return "/".join("*" if word.startswith("{") else word for word in words)
