from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from interactions.models import Engagement, Follow
from videos.models import Video
from videos.tests.factories import make_parent_category, make_video

pytestmark = pytest.mark.django_db
SHOWN = {"show_interests": True, "show_follows": True}
TABS = ["profile", "profile_about", "profile_followers", "profile_following"]


def titles(response) -> list[str]:
    return [item.video.title for item in response.context["page"].items]


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("visitor", ["owner", "stranger", "anonymous"])
def test_every_tab_is_open_to_everyone(client, tab, visitor):
    owner = make_user(bio="Hello there", location="Porto", **SHOWN)
    if visitor != "anonymous":
        client.force_login(owner if visitor == "owner" else make_user())
    response = client.get(reverse(tab, args=[owner.username]))
    assert response.status_code == 200
    assert "Porto" in response.text
    assert ("Edit profile" in response.text) == (visitor == "owner")


def test_what_others_wrote_about_themselves_is_escaped(client):
    user = make_user(first_name="<b>Bob</b>", bio="<script>alert(1)</script>")
    text = client.get(reverse("profile_about", args=[user.username])).text
    assert "<script>alert" not in text
    assert "<b>Bob" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("tab", TABS)
def test_nobody_and_the_inactive_are_404(client, tab):
    gone = make_user(is_active=False)
    assert client.get(reverse(tab, args=["nobody"])).status_code == 404
    assert client.get(reverse(tab, args=[gone.username])).status_code == 404
    assert client.get("/profile/%00/").status_code == 404
    assert client.get("/profile/a%2Fb/").status_code == 404


@pytest.mark.parametrize("tab", TABS)
def test_another_spelling_leads_to_the_address(client, tab):
    make_user(username="Ada", **SHOWN)
    response = client.get(reverse(tab, args=["aDA"]) + "?after=")
    assert response.status_code == 302
    assert response.url == reverse(tab, args=["Ada"]) + "?after="


def test_hidden_videos_are_shown_to_their_creator_alone(client):
    owner = make_user()
    make_video(creator=owner, title="Open")
    make_video(creator=owner, title="Unlisted", visibility="unlisted")
    make_video(creator=owner, title="Private", visibility="private")
    make_video(
        creator=owner, title="Raw", state=Video.State.PROCESSING, published_at=None
    )
    url = reverse("profile", args=[owner.username])

    for visitor in [None, make_user(), make_user(is_superuser=True)]:
        if visitor:
            client.force_login(visitor)
        response = client.get(url)
        assert titles(response) == ["Open"]
        assert response.context["stats"]["videos"] == 1

    client.force_login(owner)
    assert set(titles(client.get(url))) == {"Open", "Unlisted", "Private", "Raw"}


def test_numbers(client):
    owner, fan, idol, gone = make_user(), make_user(), make_user(), make_user()
    make_video(creator=owner, views=5)
    make_video(creator=owner, views=7)
    make_video(creator=owner, views=100, visibility="private")
    Follow.objects.create(follower=fan, followee=owner)
    Follow.objects.create(follower=gone, followee=owner)
    Follow.objects.create(follower=owner, followee=idol)
    User.objects.filter(pk=gone.pk).update(is_active=False)

    client.force_login(fan)
    response = client.get(reverse("profile", args=[owner.username]))

    assert response.context["stats"] == {
        "videos": 2,
        "views": 12,
        "followers": 1,
        "following": 1,
    }
    assert response.context["is_following"]


def test_followers_and_following_list_the_others(client):
    owner, fan, idol = make_user(**SHOWN), make_user(), make_user()
    Follow.objects.create(follower=fan, followee=owner)
    Follow.objects.create(follower=owner, followee=idol)
    client.force_login(fan)

    page = client.get(reverse("profile_followers", args=[owner.username]))
    assert [item.person for item in page.context["page"].items] == [fan]
    page = client.get(reverse("profile_following", args=[owner.username]))
    assert [(i.person, i.is_following) for i in page.context["page"].items] == [
        (idol, False)
    ]
    Follow.objects.create(follower=fan, followee=idol)
    page = client.get(reverse("profile_following", args=[owner.username]))
    assert page.context["page"].items[0].is_following


def test_the_visitors_progress_is_on_the_cards(client):
    video = make_video()
    viewer = make_user()
    Engagement.objects.create(user=viewer, video=video, fraction=0.4)
    Engagement.objects.create(user=make_user(), video=video, fraction=0.9)
    url = reverse("profile", args=[video.creator.username])
    assert client.get(url).context["page"].items[0].progress is None
    client.force_login(viewer)
    assert client.get(url).context["page"].items[0].progress == 0.4


def test_load_more_neither_repeats_nor_skips(client, monkeypatch):
    monkeypatch.setattr("accounts.views.profile.PAGE_SIZE", 3)
    owner = make_user()
    now = timezone.now()
    for number in range(7):  # three of them at one moment
        moment = now - timedelta(days=max(number, 3))
        make_video(creator=owner, title=str(number), published_at=moment)
    url, seen = reverse("profile", args=[owner.username]), []
    while url:
        response = client.get(url, headers={"HX-Request": "true"})
        assert "<html" not in response.text
        seen += titles(response)
        make_video(creator=owner, title="new")  # pushes all others down
        url = response.context["page"].next_url
    assert seen == ["3", "2", "1", "0", "4", "5", "6"]


@pytest.mark.parametrize("cursor", ["x", "1", "1.2.3", "9" * 40 + ".1", "-", "1.x"])
@pytest.mark.parametrize("tab", ["profile", "profile_followers"])
def test_a_broken_cursor_is_a_bad_request(client, tab, cursor):
    url = reverse(tab, args=[make_user(**SHOWN).username])
    assert client.get(url, {"after": cursor}).status_code == 400


def test_only_reading(client):
    url = reverse("profile", args=[make_user().username])
    assert client.post(url).status_code == 405


def test_website_is_a_link_that_lends_no_credit(client):
    user = make_user(website="https://example.com/me")
    text = client.get(reverse("profile", args=[user.username])).text
    assert 'href="https://example.com/me" rel="nofollow ugc noopener"' in text


def test_interests_are_on_the_about_tab(client):
    user = make_user(**SHOWN)
    user.parent_category_interests.add(make_parent_category(name="Gardening"))
    text = client.get(reverse("profile_about", args=[user.username])).text
    assert "Gardening" in text


@pytest.mark.parametrize(
    ("tab", "bound"),
    [
        ("profile", 9),
        ("profile_about", 8),
        ("profile_followers", 9),
        ("profile_following", 9),
    ],
)
def test_queries_are_bounded(client, django_assert_max_num_queries, tab, bound):
    owner, viewer = make_user(**SHOWN), make_user()
    for _ in range(10):
        other = make_user(**SHOWN)
        make_video(creator=owner)
        owner.parent_category_interests.add(make_parent_category())
        Follow.objects.create(follower=other, followee=owner)
        Follow.objects.create(follower=owner, followee=other)
    client.force_login(viewer)
    with django_assert_max_num_queries(bound):
        client.get(reverse(tab, args=[owner.username]))
