from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory

from videos.api.serializers import VideoSerializer
from videos.cards import Card
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def videos() -> list[Video]:
    for _ in range(2):
        make_video()
    return list(Video.objects.for_cards())


@pytest.mark.parametrize("template", ["video_card", "video_row"])
def test_a_card_reads_no_more_of_its_video(
    videos, template, django_assert_num_queries
) -> None:
    request = RequestFactory().get("/")
    with django_assert_num_queries(0):
        for video in videos:
            context = {"item": Card(video), "user": AnonymousUser()}
            html = render_to_string(
                f"components/{template}.html", context, request=request
            )
            assert video.title in html


def test_an_item_of_the_api_reads_no_more(videos, django_assert_num_queries) -> None:
    context = {"request": RequestFactory().get("/")}
    with django_assert_num_queries(0):
        rows = VideoSerializer(videos, many=True, context=context).data
    assert [row["video_id"] for row in rows] == [video.video_id for video in videos]
