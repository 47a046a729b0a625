"""No list counts, skips or sorts rows of a table that grows."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.tests.api import ask
from accounts.tests.factories import make_user
from config import admin_lists
from interactions import services
from interactions.models import Comment, Event, Follow, Watch
from interactions.tests.factories import make_comment, watch
from recommender.models import FeedSession
from videos import search
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
ROWS = 7
LISTS = list(admin.site._registry)
GROWING = [m for m in LISTS if m._meta.label not in admin_lists.FEW_ROWS]
WHOLE_TABLE = re.compile(r"COUNT\(|DISTINCT|MIN\(|MAX\(|OFFSET", re.IGNORECASE)
OWN_ROWS = re.compile(
    r'"(creator|video|user|follower|followee)_id" = \d|"accounts_user"."id" IN \(\d'
)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def queries_of(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(address)
    assert answer.status_code == 200, (address, answer.content[:500])
    return [query["sql"] for query in captured]


def name_of(model: Any) -> str:
    label: str = model._meta.label_lower.replace(".", "_")
    return label


@pytest.mark.parametrize("model", GROWING, ids=name_of)
def test_lists_of_the_administration(staff: Client, model: Any):
    address = reverse(f"admin:{name_of(model)}_changelist")
    for query in ("", "?q=a", "?o=1&_facets=True&all="):
        for sql in queries_of(staff, address + query):
            assert not WHOLE_TABLE.search(sql), sql


def test_most_lists_are_of_growing_tables():
    assert len(GROWING) > 15
    known = {model._meta.label for model in LISTS}
    assert known >= admin_lists.FEW_ROWS | admin_lists.MOMENTS.keys()


def make_rows() -> None:
    user, video = make_user(), make_video()
    for _ in range(ROWS):
        watch(make_video(), user=user)
        make_comment(video=video)
        FeedSession.objects.create(kind="home", feed_id=uuid4())
        Event.objects.create(event_id=uuid4(), kind="watch")


@pytest.mark.parametrize(
    "model", [Video, Watch, Comment, Event, FeedSession], ids=name_of
)
def test_pages_of_the_administration(staff: Client, model: Any, monkeypatch):
    make_rows()
    monkeypatch.setattr(type(admin.site._registry[model]), "list_per_page", 3)
    address = first = reverse(f"admin:{name_of(model)}_changelist")
    found: list[Any] = []
    while address:
        shown = staff.get(address).context["cl"]
        found += [row.pk for row in shown.result_list]
        address = shown.next_page_url and first + shown.next_page_url
        if address:
            assert not any(map(WHOLE_TABLE.search, queries_of(staff, address)))
    assert len(found) > 3
    assert sorted(found, reverse=True) == found or model is FeedSession
    assert set(found) == set(model.objects.values_list("pk", flat=True))
    assert len(found) == len(set(found))
    assert staff.get(f"{first}?after=x").status_code in (200, 302)


def test_filters_stay_on_later_pages(staff: Client, monkeypatch):
    make_rows()
    monkeypatch.setattr(type(admin.site._registry[Watch]), "list_per_page", 3)
    address = reverse("admin:interactions_watch_changelist")
    shown = staff.get(f"{address}?counted__exact=1").context["cl"]
    page = staff.get(address + shown.next_page_url)
    assert page.context["cl"].queryset.count() == ROWS
    assert "counted__exact=1" in page.context["cl"].first_page_url
    assert "after=" not in page.context["cl"].first_page_url


@pytest.fixture
def member(client: Client) -> Any:
    """A person with more than a page of everything."""
    user, video = make_user(), make_video(title="Song")
    for number in range(26):
        other = make_user()
        services.follow(follower=other, followee=user)
        services.follow(follower=user, followee=other)
        watch(make_video(title=f"Song {number}", creator=user), user=user)
        shown = make_video(title=f"Song {number}")
        watch(shown, user=user)
        services.like(user=user, video=shown)
        make_comment(video=video, user=user)
    search.refresh()
    client.force_login(user)
    client.user, client.video = user, video
    return client


def test_pages_with_lists(member: Any):
    name = member.user.username
    results = f"{reverse('search')}?q=song"
    addresses = [
        *(f"{results}&sort={sort}" for sort in ("", "newest", "views")),
        *(reverse(page) for page in ("history", "liked", "studio")),
        *(reverse(page, args=[name]) for page in ("profile", "profile_followers")),
        reverse("profile_following", args=[name]),
        reverse("comments", args=[member.video.video_id]),
    ]
    for address in addresses:
        queries = queries_of(member, address)
        context = member.get(address).context
        following = context.get("next_url") or context["page"].next_url
        assert following, address
        check(queries + queries_of(member, following))


def test_lists_of_the_api(member: Any):
    name = member.user.username
    paths = [
        *("videos/?", "videos/?q=song", "videos/?sort=views", "me/videos/?"),
        *("me/history/?", "me/likes/?", f"users/{name}/followers/?"),
        f"users/{name}/following/?",
        f"videos/{member.video.video_id}/comments/?",
    ]
    for path in paths:
        with CaptureQueriesContext(connection) as captured:
            first = ask("GET", f"{path}&limit=20", user=member.user).json()
            assert first["next_cursor"], path
            more = f"{path}&limit=20&cursor={first['next_cursor']}"
            assert ask("GET", more, user=member.user).json()["results"], path
        check([query["sql"] for query in captured])


def check(queries: list[str]) -> None:
    for sql in queries:
        assert "OFFSET" not in sql, sql
        assert "COUNT(" not in sql or OWN_ROWS.search(sql), sql


def test_follows_and_public_videos_are_read_in_order():
    """The plan of a page needs no sort, however many rows there are."""
    person = make_user()
    lists = [
        Follow.objects.filter(followee=person).order_by("-created_at", "-pk"),
        Follow.objects.filter(follower=person).order_by("-created_at", "-pk"),
        Video.objects.listed().order_by("-published_at", "-pk"),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    for rows in lists:
        plan = rows.filter(created_at__lte=timezone.now())[:20].explain()
        assert "Index" in plan
        assert not re.search(r"(^|-> +)Sort +\(", plan, re.MULTILINE), plan
