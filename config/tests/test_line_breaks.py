"""A line break counts as one character, wherever a text comes in."""

from __future__ import annotations

import pytest
from django.forms import modelform_factory
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.api import ask
from accounts.tests.factories import make_user
from interactions.models import Comment
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
# The limit of each text with line breaks.
TEXTS = [
    (User, "bio", 1000),
    (Video, "summary", 1000),
    (Video, "description", 5000),
    (Comment, "text", 2000),
]


def text_of(length: int, line_break: str) -> str:
    lines = "x\n" * (length // 2 - 1) + "xx"
    assert len(lines) == length
    return lines.replace("\n", line_break)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("model", "field", "limit"), TEXTS)
def test_forms_count_a_line_break_once(model, field, limit, line_break):
    form_class = modelform_factory(model, fields=[field])
    form = form_class({field: text_of(limit, line_break)})
    assert form.is_valid(), form.errors
    assert form.cleaned_data[field] == text_of(limit, "\n")
    assert not form_class({field: text_of(limit, line_break) + "x"}).is_valid()


def test_every_text_with_a_limit_is_one_of_these():
    limited = {
        (model, field.name)
        for model in (User, Video, Comment)
        for field in model._meta.fields
        if field.get_internal_type() == "TextField" and field.max_length
    }
    assert limited == {(model, field) for model, field, _ in TEXTS}


def test_the_api_counts_a_line_break_once():
    user = make_user()
    video = make_video(creator=user)
    sent = [
        ("PATCH", "me/", "bio", 1000),
        ("PATCH", f"videos/{video.video_id}/", "description", 5000),
        ("POST", f"videos/{video.video_id}/comments/", "text", 2000),
    ]
    for method, path, field, limit in sent:
        answer = ask(method, path, {field: text_of(limit, "\r\n")}, user=user)
        assert answer.status_code < 300, answer.content
        assert answer.json()[field] == text_of(limit, "\n")
        longer = {field: text_of(limit, "\r\n") + "x"}
        assert ask(method, path, longer, user=user).status_code == 400


def test_pages_count_a_line_break_once(client: Client):
    user = make_user()
    video = make_video(creator=user)
    client.force_login(user)
    edit = {"title": "T", "visibility": "public"}
    edit["description"] = text_of(5000, "\r\n")
    answer = client.post(reverse("video_edit", args=[video.video_id]), edit)
    assert answer.status_code == 302
    video.refresh_from_db()
    assert video.description == text_of(5000, "\n")
    client.post(
        reverse("comments", args=[video.video_id]), {"text": text_of(2000, "\r\n")}
    )
    assert Comment.objects.get().text == text_of(2000, "\n")
