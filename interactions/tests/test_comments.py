"""Comments: one level of replies; who may write, read and delete them."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from accounts.tests.factories import make_user
from interactions import services
from interactions.models import Comment
from interactions.tests.factories import make_comment
from interactions.views import COMMENTS
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def page_of(video: Video) -> str:
    return reverse("comments", args=[video.video_id])


def test_newest_threads_first_replies_in_order(client):
    video = make_video()
    first, second = (make_comment(video=video, text=text) for text in ("one", "two"))
    for text in ("reply a", "reply b"):
        make_comment(video=video, parent=first, text=text)
    threads = client.get(page_of(video)).context["page"].items
    assert threads == [second, first]
    assert [reply.text for reply in threads[1].replies.all()] == ["reply a", "reply b"]


def test_a_reply_to_a_reply_joins_the_thread():
    thread = make_comment()
    reply = make_comment(video=thread.video, parent=thread)
    deeper = make_comment(video=thread.video, parent=reply)
    assert deeper.parent == thread


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001])
def test_a_text_is_needed_and_bounded(client, text: str):
    client.force_login(make_user())
    video = make_video()
    answer = client.post(page_of(video), {"text": text}, headers=HTMX)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not Comment.objects.exists()


def test_a_reply_stays_with_its_video(client):
    elsewhere = make_comment()
    with pytest.raises(ValidationError):
        make_comment(parent=elsewhere)
    client.force_login(make_user())
    for parent in (elsewhere.pk, "x", "9" * 30):
        data = {"text": "Hello", "parent": parent}
        assert client.post(page_of(make_video()), data).status_code == 404


def test_members_comment_and_see_it_at_once(client):
    user, video = make_user(), make_video()
    client.force_login(user)
    text = "<script>alert(1)</script> see https://example.com"
    answer = client.post(page_of(video), {"text": text}, headers=HTMX)
    assert Comment.objects.get().user == user
    assert "<script>alert" not in answer.text
    assert 'href="https://example.com"' in answer.text
    answer = client.post(page_of(video), {"text": "Again"})
    assert answer.headers["Location"] == video.get_absolute_url()


def test_a_comment_that_is_sent_twice_is_added_once(client):
    video = make_video()
    client.force_login(make_user())
    key = client.get(page_of(video)).text.split('name="form_key" value="')[1][:36]
    for _ in range(2):
        answer = client.post(
            page_of(video), {"text": "Once", "form_key": key}, headers=HTMX
        )
        assert "Once" in answer.text
    assert Comment.objects.count() == 1


def test_visitors_read_and_are_led_to_log_in(client):
    video = make_comment(text="For everyone").video
    page = client.get(page_of(video))
    assert "For everyone" in page.text
    assert "<form" not in page.text.split('class="comments"')[1].split("</main>")[0]
    answer = client.post(page_of(video), {"text": "Hello"})
    assert answer.headers["Location"].startswith(reverse("account_login"))
    assert Comment.objects.count() == 1


def test_private_videos_keep_their_comments_private(client):
    video = make_video(visibility=Video.Visibility.PRIVATE)
    make_comment(video=video, user=video.creator)
    for visitor in (None, make_user()):
        if visitor:
            client.force_login(visitor)
        assert client.get(page_of(video)).status_code == 404
    client.force_login(video.creator)
    assert client.get(page_of(video)).status_code == 200


@pytest.mark.parametrize("who", ["author", "creator", "admin"])
def test_author_creator_and_admins_delete(client, who: str):
    comment = make_comment()
    make_comment(video=comment.video, parent=comment)
    people = {
        "author": comment.user,
        "creator": comment.video.creator,
        "admin": make_user(is_superuser=True),
    }
    client.force_login(people[who])
    address = reverse("comment_delete", args=[comment.pk])
    assert address in client.get(page_of(comment.video)).text
    answer = client.post(address, headers=HTMX)
    assert "No comments yet" in answer.text
    assert not Comment.objects.exists()


def test_others_do_not_delete(client):
    comment = make_comment()
    address = reverse("comment_delete", args=[comment.pk])
    assert client.post(address).status_code == 302  # to log in
    stranger = make_user()
    client.force_login(stranger)
    assert address not in client.get(page_of(comment.video)).text
    assert client.post(address).status_code == 404
    with pytest.raises(PermissionDenied):
        services.delete_comment(user=stranger, comment=comment)
    assert Comment.objects.exists()


def test_older_ones_come_on_request_and_none_twice(
    client, django_assert_max_num_queries
):
    video = make_video()
    made = [make_comment(video=video) for _ in range(COMMENTS + 3)]
    make_comment(video=video, parent=made[-1])
    client.force_login(video.creator)
    with django_assert_max_num_queries(10):
        page = client.get(page_of(video)).context["page"]
    make_comment(video=video)
    rest = client.get(page.next_url, headers=HTMX).context["page"]
    assert [*page.items, *rest.items] == made[::-1]
    assert rest.next_url == ""

    delete = reverse("comment_delete", args=[made[0].pk])
    after = client.post(delete, headers=HTMX).context["page"]
    assert client.get(after.next_url).status_code == 200
