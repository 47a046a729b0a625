from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

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


@pytest.mark.parametrize(
    "path",
    [
        f"public/profile/{NAME}.jpg",  # fits, but there is none
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
