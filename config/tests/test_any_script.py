"""Texts of any script on pages, in forms and in the API, and hostile values."""

# ruff: noqa: RUF001

from __future__ import annotations

import json
import re

import pytest
from django.template import Context, Template

from accounts.tests.api import ask
from accounts.tests.factories import make_user
from interactions.models import Comment
from interactions.tests.factories import make_comment
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db

HEBREW = "שלום (2026)"
INVISIBLE = (
    "\u200b\u200b",
    "\u3164",
    "\u0301",
    "\u202e\u202c",
    "\U000e0041",
    " \u2800",
)
HOSTILE = ("%00", "a%00b", "%ED%A0%80", "%FF", "%E2%80%AE", "%F0%9F", "9" * 400, "-1")


def outer_tag(page, text):
    """The element right around a text."""
    return re.search(r"<(\w+)([^>]*)>\s*" + re.escape(text), page)


@pytest.fixture
def hebrew():
    person = make_user(first_name=HEBREW, bio=HEBREW, location=HEBREW)
    category = make_category(name=HEBREW)
    video = make_video(
        title=HEBREW, description=HEBREW, creator=person, categories=[category]
    )
    make_comment(user=person, video=video, text=HEBREW)
    return video


@pytest.mark.parametrize("who", ["visitor", "creator"])
def test_every_title_and_name_stands_in_its_own_direction(client, hebrew, who):
    if who == "creator":
        client.force_login(hebrew.creator)
    category = hebrew.categories.get()
    addresses = [
        *("/", "/explore/", "/search/?q=2026", "/studio/", "/history/"),
        *(hebrew.get_absolute_url(), f"{hebrew.get_absolute_url()}comments/"),
        *(hebrew.creator.get_absolute_url(), category.get_absolute_url()),
        f"{hebrew.creator.get_absolute_url()}about/",
        f"/video/{hebrew.video_id}/edit/",
    ]
    seen = 0
    for address in addresses:
        page = client.get(address).content.decode()
        body = page[page.find("<body") :]
        for found in re.finditer(r"(<[^<>]*>)?([^<>]*)" + re.escape(HEBREW), body):
            before = body[: found.end() - len(HEBREW)]
            assert is_isolated(before), (address, before[-160:])
            seen += 1
    assert seen > 15


def is_isolated(before):
    """Whether the nearest open element has `dir` or is `<bdi>`, or an isolate opens."""
    if before.endswith("\u2068") or re.search(r"<[^>]*=\"[^\"]*$", before[-200:]):
        return True
    opened = []
    for closing, name, rest in re.findall(r"<(/?)(\w+)([^>]*)>", before):
        if closing:
            while opened and opened.pop()[0] != name:
                pass
        elif name not in (
            "input",
            "img",
            "br",
            "link",
            "meta",
            "use",
            "path",
            "source",
        ):
            opened.append((name, rest))
    return any(
        name in ("bdi", "textarea", "script") or 'dir="auto"' in rest
        for name, rest in opened[-4:]
    )


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_what_cannot_be_seen_is_no_title_and_no_comment(client, text):
    video = make_video()
    client.force_login(video.creator)
    edit = client.post(
        f"/video/{video.video_id}/edit/", {"title": text, "visibility": "public"}
    )
    assert edit.status_code in (200, 422)
    assert "Give the video a title." in edit.content.decode()
    path = f"videos/{video.video_id}/"
    answer = ask("PATCH", path, {"title": text}, user=video.creator)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["title"])
    for made in (
        client.post(f"{video.get_absolute_url()}comments/", {"text": text}),
        ask("POST", f"{path}comments/", {"text": text}, user=video.creator),
    ):
        assert made.status_code in (400, 422)
    assert not Comment.objects.exists()
    answer = ask("PATCH", "me/", {"name": text, "bio": text}, user=video.creator)
    assert (answer.json()["name"], answer.json()["bio"]) == ("", "")
    assert Video.objects.get().title == video.title


def test_a_name_cannot_turn_its_neighbours_around(client):
    user = make_user()
    answer = ask("PATCH", "me/", {"name": "abc\u202efdp.exe\u2067"}, user=user)
    assert answer.json()["name"] == "abcfdp.exe"
    user.refresh_from_db()
    assert user.display_name == "abcfdp.exe"
    Video.objects.bulk_create([make_video()], ignore_conflicts=True)
    video = make_video(title="e\u0301\u202e  a\nb")
    assert Video.objects.get(pk=video.pk).title == "\u00e9 a b"
    Video.objects.filter(pk=video.pk).update(title="x\u202ey")
    assert Video.objects.get(pk=video.pk).title == "xy"


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("見て https://example.com/a。次", ["https://example.com/a"]),
        ("（https://example.com/a）と", ["https://example.com/a"]),
        ("见https://example.com/a，好", ["https://example.com/a"]),
        ("「https://example.com/a?b=1」", ["https://example.com/a?b=1"]),
        ("https://example.com/a、https://b.example/", 2),
        ("“https://example.com/a”", ["https://example.com/a"]),
        ("https://ja.wikipedia.org/wiki/東京 です", 1),
        ("(see https://example.com/a).", ["https://example.com/a"]),
        ("no link <b>here</b> & there", []),
    ],
)
def test_links_end_before_the_punctuation_of_any_script(text, links):
    template = Template("{% load video_format %}{{ text|linked }}")
    html = template.render(Context({"text": text}))
    found = re.findall(r'href="([^"]*)"', html)
    assert len(found) == (links if isinstance(links, int) else len(links))
    if isinstance(links, list):
        assert found == links
    assert "<b>" not in html


def addresses(video):
    username = video.creator.username
    names = ("category", "q", "cursor", "after", "page", "creator", "duration")
    for value in HOSTILE:
        query = "&".join(f"{name}={value}" for name in names)
        for path in ("/", "/explore/", "/following/", "/search/", "/history/"):
            yield f"{path}?{query}"
        yield from (
            f"/category/{value}/",
            f"/profile/{value}/",
            f"/profile/{username}/{value}/",
        )
        yield from (
            f"/video/{value}/",
            f"/video/{video.video_id}/comments/?after={value}",
        )
        yield f"/explore/map/?video={value}"
        yield f"/accounts/login/?next={value}"
        for path in ("feeds/home/", "videos/", "categories/", "me/history/"):
            yield f"/api/v1/{path}?category={value}&cursor={value}&q={value}"
        yield from (f"/api/v1/users/{value}/", f"/api/v1/videos/{value}/")


@pytest.mark.parametrize("member", [True, False])
def test_hostile_addresses_are_no_error_500(client, member):
    video = make_video()
    if member:
        client.force_login(video.creator)
    for address in addresses(video):
        assert client.get(address).status_code < 500, address


@pytest.mark.parametrize("value", ["\x00", "a\x00b", "\ud800", "\u202e", "x" * 100_000])
def test_hostile_values_in_forms_json_headers_and_cookies(client, value):
    video = make_video()
    user = video.creator
    client.force_login(user)
    path = video.get_absolute_url()
    form = value.encode("utf-8", "replace").decode()
    for address, fields in {
        "/mood/": {"mood": form},
        f"{path}comments/": {"text": form, "parent": form},
        f"/video/{video.video_id}/edit/": {"title": form, "visibility": form},
        "/settings/": dict.fromkeys(("name", "bio", "website", "location"), form),
        "/accounts/login/": {"login": form, "password": form},
        "/history/remove/": {"video_id": form},
    }.items():
        assert client.post(address, fields).status_code < 500, address
    for operation, body in {
        f"videos/{video.video_id}/comments/": {"text": value, "parent": value},
        "auth/login/": {"login": value, "password": value},
        "events/": {"events": [{"id": value, "type": value, value: value}]},
        "me/mood/": {"mood": value},
    }.items():
        answer = ask("POST", operation, body, user=user)
        assert answer.status_code < 500, operation
        json.dumps(answer.json())
    safe = value.encode("latin-1", "replace").decode("latin-1")[:5000]
    htmx = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/{safe}"}
    assert client.get("/", headers=htmx).status_code < 500
    client.cookies["theme"] = client.cookies["timezone"] = safe.replace("\x00", "")
    assert client.get("/").status_code < 500
