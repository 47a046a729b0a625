"""Interests and follows are seen by others only if their owner shows them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.services import export_account
from accounts.tests.api import ask
from accounts.tests.factories import make_user
from interactions.models import Follow
from videos.tests.factories import make_parent_category

pytestmark = pytest.mark.django_db
LISTS = ("followers", "following")


@pytest.fixture
def people():
    owner, fan, idol = (make_user(username=name) for name in ("owner", "fan", "idol"))
    owner.parent_category_interests.add(
        make_parent_category(name="Gardening", slug="gardening")
    )
    Follow.objects.create(follower=fan, followee=owner)
    Follow.objects.create(follower=owner, followee=idol)
    return {"owner": owner, "fan": fan, "idol": idol, "visitor": None}


def show(person, **choices):
    for name, value in choices.items():
        setattr(person, name, value)
    person.save()


def page(client, user, tab):
    if user is not None:
        client.force_login(user)
    response = client.get(reverse(f"profile_{tab}", args=["owner"]))
    client.logout()
    return response


def names(user, kind):
    answer = ask("GET", f"users/owner/{kind}/", user=user)
    if answer.status_code == 404:
        return None
    return [row["username"] for row in answer.json()["results"]]


@pytest.mark.parametrize("who", ["visitor", "fan", "idol"])
def test_others_see_neither_before_they_are_shown(client, people, who):
    user = people[who]
    about = page(client, user, "about").content.decode()
    assert "Gardening" not in about.split('<main class="page')[1]
    assert reverse("profile_followers", args=["owner"]) not in about
    assert ask("GET", "users/owner/", user=user).json()["interests"] == []
    for kind in LISTS:
        assert page(client, user, kind).status_code == 404
        assert names(user, kind) is None


def test_owners_always_see_their_own(client, people):
    owner = people["owner"]
    assert "Gardening" in page(client, owner, "about").content.decode()
    for kind, other in zip(LISTS, ("fan", "idol"), strict=True):
        items = page(client, owner, kind).context["page"].items
        assert [item.person.username for item in items] == [other]
        assert names(owner, kind) == [other]
    profile = ask("GET", "users/owner/", user=owner).json()
    assert profile["interests"] == ["gardening"]


def test_each_choice_shows_its_own(client, people):
    owner = people["owner"]
    show(owner, show_interests=True)
    assert "Gardening" in page(client, None, "about").content.decode()
    assert ask("GET", "users/owner/").json()["interests"] == ["gardening"]
    assert names(None, "following") is None
    show(owner, show_interests=False, show_follows=True)
    assert ask("GET", "users/owner/").json()["interests"] == []
    assert names(None, "following") == ["idol"]
    assert page(client, None, "following").status_code == 200


def test_a_private_follow_is_not_told_by_the_list_of_the_other_side(client, people):
    show(people["owner"], show_follows=True)
    assert names(None, "followers") == []
    assert names(people["idol"], "followers") == []
    assert not page(client, None, "followers").context["page"].items
    assert names(people["fan"], "followers") == ["fan"]
    show(people["fan"], show_follows=True)
    assert names(None, "followers") == ["fan"]


def test_chosen_under_privacy_and_in_the_api(client, people):
    owner = people["owner"]
    client.force_login(owner)
    text = client.get(reverse("privacy")).content.decode()
    assert "Show my interests on my profile" in text
    client.post(reverse("privacy"), {"record_history": "on", "show_interests": "on"})
    owner.refresh_from_db()
    assert (owner.show_interests, owner.show_follows) == (True, False)
    answer = ask("PATCH", "me/", {"show_follows": True}, user=owner).json()
    assert (answer["show_interests"], answer["show_follows"]) == (True, True)
    exported = export_account(user=owner)
    assert "show_follows" in str(exported)
    assert "show_interests" in str(exported)
