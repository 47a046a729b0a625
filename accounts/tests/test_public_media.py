from __future__ import annotations

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.urls import reverse
from PIL import Image

from accounts import services
from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture

NAME = "0123456789abcdef" * 2


@pytest.mark.django_db
def test_a_picture_is_served_at_its_own_url_for_ever(client):
    user = make_user()
    content = make_picture().read()
    user.banner_image.save("holiday.JPG", ContentFile(content))
    url = user.banner_image.url
    assert url == reverse("public_media", args=[url.removeprefix("/media/public/")])
    response = client.get(url)
    assert b"".join(response.streaming_content) == content
    assert response.headers["Content-Type"] == "image/jpeg"
    kept = "public, max-age=31536000, immutable, s-maxage=0"
    assert response.headers["Cache-Control"] == kept
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert client.post(url).status_code == 405


@pytest.mark.django_db
def test_cards_show_a_small_version_which_goes_with_the_picture(
    client, django_capture_on_commit_callbacks
):
    user = make_user()
    content = make_picture((512, 512)).read()
    user.profile_picture.save("me.jpg", ContentFile(content))
    user.save()
    address = f"{user.profile_picture.url}/small"
    for _ in range(2):  # made, then stored
        response = client.get(address)
        sent = b"".join(response.streaming_content)
        assert Image.open(io.BytesIO(sent)).size == (96, 96)
        assert len(sent) < len(content) / 2
        assert response.headers["Content-Type"] == "image/webp"
        assert "s-maxage=0" in response.headers["Cache-Control"]
    avatar = render_to_string("components/avatar.html", {"person": user})
    assert f'src="{address}"' in avatar
    folder = f"public/{user.profile_picture.url.split('/')[-2]}"
    assert len(default_storage.listdir(folder)[1]) == 2
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_pictures(user=user)
    assert not default_storage.exists(folder)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"public/profile/{NAME}.jpg",  # fits, but there is none
        f"public/profile/{NAME}.jpg/small",
        f"public/banner/{NAME}.jpg/small",
        "public/profile/",
        f"public/profile/{NAME}.html",
        f"public/profile/{NAME}.svg",
        f"public/profile/{NAME}.jpg%0A",
        f"public/../videos/{NAME}.jpg",
        f"public/%2e%2e/videos/{NAME}.jpg",
        f"public/..%2Fvideos/{NAME}.jpg",
        f"public//videos/{NAME}.jpg",
        f"videos/{NAME}.jpg",
        f"public/profile/{NAME}%00.jpg",
        f"public/profile/{'x' * 300}.jpg",
    ],
)
def test_nothing_else_is_public(client, path):
    for name in [
        f"videos/{NAME}.jpg",
        *(f"public/profile/{NAME}.{e}" for e in ("html", "svg")),
    ]:
        default_storage.save(name, ContentFile(b"secret"))
    assert client.get(f"/media/{path}").status_code == 404
