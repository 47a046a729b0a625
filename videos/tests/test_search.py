"""Search: what is found, in which order, and what is not."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_user
from videos import search
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def jazz():
    return make_category(name="Jazz")


def found(text: str) -> list[str]:
    videos = search.matching(Video.objects.listed(), text).order_by("-rank")
    return [video.title for video in videos]


def test_title_before_category_before_description(jazz) -> None:
    make_video(title="Cooking", description="With jazz in the background")
    make_video(title="A quiet evening", categories=[jazz])
    make_video(title="Jazz piano")
    make_video(title="Football")
    search.refresh()
    assert found("jazz") == ["Jazz piano", "A quiet evening", "Cooking"]


def test_forms_of_words_beginnings_phrases_and_exclusion() -> None:
    make_video(title="Running in the mountains")
    make_video(title="The mountain runner")
    search.refresh()
    assert found("runs mountain") == ["Running in the mountains"]
    assert len(found("mountain run")) == 2
    assert found("mount") != []
    assert found('"mountain runner"') == ["The mountain runner"]
    assert found("mountain -runner") == ["Running in the mountains"]


def test_creators_are_found_but_e_mails_are_not() -> None:
    creator = make_user(username="amelie", email="secret@hidden.example")
    make_video(title="Anything", creator=creator)
    search.refresh()
    assert found("amelie") == ["Anything"]
    assert found("secret") == found("hidden.example") == []


def test_page_hides_what_is_not_listed(client: Client) -> None:
    for visibility in ("private", "unlisted"):
        make_video(title=f"Hidden {visibility}", visibility=visibility)
    make_video(title="Hidden not")
    search.refresh()
    html = client.get(reverse("search"), {"q": "hidden"}).content.decode()
    assert "Hidden not" in html
    assert "Hidden private" not in html
    assert "Hidden unlisted" not in html


def test_filters_and_order(client: Client, jazz) -> None:
    make_video(title="Song one", duration=100, views=1, categories=[jazz])
    make_video(title="Song two", duration=500, views=9)
    search.refresh()

    def titles(**query: str) -> list[str]:
        page = client.get(reverse("search"), {"q": "song", **query}).context["page"]
        return [card.video.title for card in page.items]

    assert titles(duration="short") == ["Song one"]
    assert titles(category=jazz.parent_category.slug) == ["Song one"]
    assert titles(sort="views") == ["Song two", "Song one"]
    assert len(titles(sort="nonsense", age="never", category="none")) == 2


@pytest.mark.parametrize("sort", ["", "newest", "views"])
def test_pages_neither_repeat_nor_skip(client: Client, sort: str) -> None:
    for number in range(45):
        make_video(title=f"Song {number}", views=number % 7, engagement=number % 5)
    search.refresh()
    address, titles = f"{reverse('search')}?q=song&sort={sort}", []
    while address:
        page = client.get(address).context["page"]
        titles += [card.video.title for card in page.items]
        address = page.next_url
        # Published meanwhile: on the first page of a new search.
        make_video(title="Song song song", views=1000 + len(titles), engagement=9.0)
        search.refresh()
    assert len(titles) == len(set(titles))
    assert {f"Song {number}" for number in range(45)} <= set(titles)


@pytest.mark.parametrize(
    "text", ["", "'", "\\", "& | !", "a:*b", "-", '"', "\x00", "💥", "x" * 500, "%s"]
)
def test_odd_queries_are_answered(client: Client, text: str) -> None:
    assert client.get(reverse("search"), {"q": text}).status_code == 200


def test_a_cursor_of_nothing_is_a_bad_request(client: Client) -> None:
    answer = client.get(reverse("search"), {"q": "song", "after": "x"})
    assert answer.status_code == 400


def test_popular_ones_come_first_among_equals(client: Client) -> None:
    for engagement in (0, 500, 20):
        make_video(title="Song", engagement=engagement)
    search.refresh()
    page = client.get(reverse("search"), {"q": "song"}).context["page"]
    assert [card.video.engagement for card in page.items] == [500, 20, 0]


def test_bounded_queries(client: Client, django_assert_max_num_queries) -> None:
    for _ in range(15):
        make_video(title="Song")
    search.refresh()
    with django_assert_max_num_queries(8):
        client.get(reverse("search"), {"q": "song"})
