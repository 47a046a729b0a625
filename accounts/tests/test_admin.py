from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture

pytestmark = pytest.mark.django_db
NO_ADDRESSES = {
    "emailaddress_set-TOTAL_FORMS": 0,
    "emailaddress_set-INITIAL_FORMS": 0,
}
LIST = "admin:accounts_user_changelist"


@pytest.fixture
def admin(client) -> User:
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def act(client, action: str, *users: User):
    data = {"action": action, "_selected_action": [user.pk for user in users]}
    return client.post(reverse(LIST), data)


def test_list_searches_in_few_queries(client, admin, django_assert_max_num_queries):
    for number in range(30):
        make_user(first_name=f"Person {number}")
    with django_assert_max_num_queries(10):
        response = client.get(reverse(LIST), {"q": '"Person 7"'})
    assert "Person 7" in response.text
    assert "Person 8" not in response.text


def test_forms_open_and_save(client, admin):
    user = make_user()
    user.profile_picture.save("a.jpg", make_picture())
    url = reverse("admin:accounts_user_change", args=[user.pk])
    page = client.get(url)
    assert user.profile_picture.url in page.text
    data = {
        key: value
        for key, value in page.context["adminform"].form.initial.items()
        if value is not None
    }
    data |= NO_ADDRESSES | {"website": "example.com", "parent_category_interests": []}
    response = client.post(url, data)
    assert response.status_code == 302, response.context["errors"]
    user.refresh_from_db()
    assert user.website == "https://example.com"


def test_people_can_be_added(client, admin):
    data: dict[str, object] = {
        "username": "new",
        "email": "new@example.com",
        "usable_password": "true",
    }
    data |= {"password1": "seven sleepy dogs", "password2": "seven sleepy dogs"}
    data |= NO_ADDRESSES
    response = client.post(reverse("admin:accounts_user_add"), data)
    assert response.status_code == 302, response.context["errors"]
    assert User.objects.get(username="new").check_password("seven sleepy dogs")


def test_badges(client, admin):
    user = make_user()
    act(client, "give_badge", user)
    user.refresh_from_db()
    assert user.verified
    act(client, "take_badge", user)
    user.refresh_from_db()
    assert not user.verified


def test_deactivation_shuts_out_others_at_once(client, admin):
    user = make_user()
    other = type(client)()
    other.force_login(user)
    act(client, "deactivate", user, admin)
    assert other.get(reverse("settings")).status_code == 302
    admin.refresh_from_db()
    assert admin.is_active
    act(client, "activate", user)
    assert other.get(reverse("settings")).status_code == 200


def test_pictures_are_taken_down(client, admin, django_capture_on_commit_callbacks):
    user = make_user()
    user.profile_picture.save("a.jpg", make_picture())
    name = str(user.profile_picture)
    with django_capture_on_commit_callbacks(execute=True):
        act(client, "take_pictures_down", user)
    user.refresh_from_db()
    assert not user.profile_picture
    assert not default_storage.exists(name)


def test_strangers_stay_out(client):
    assert client.get(reverse(LIST)).status_code == 302
    client.force_login(make_user())
    assert client.get(reverse(LIST)).status_code == 302
