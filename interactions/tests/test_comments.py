"""Comments: one level of replies; who may write, read and delete them."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from accounts.services import delete_account
from accounts.tests.api import ask
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
    assert "This comment was removed." in client.post(address, headers=HTMX).text
    reply = Comment.objects.get(parent=comment)
    assert address not in client.get(page_of(comment.video)).text
    client.force_login(reply.user)
    address = reverse("comment_delete", args=[reply.pk])
    answer = client.post(address, headers=HTMX)
    assert "No comments yet" in answer.text
    assert not Comment.objects.exists()


def remove_by_page(client, comment: Comment) -> None:
    client.force_login(comment.user)
    client.post(reverse("comment_delete", args=[comment.pk]))


def remove_by_api(client, comment: Comment) -> None:
    answer = ask("DELETE", f"comments/{comment.pk}/", user=comment.user)
    assert answer.status_code == 204


def remove_in_admin(client, comment: Comment) -> None:
    client.force_login(make_user(is_superuser=True, is_staff=True))
    address = reverse("admin:interactions_comment_delete", args=[comment.pk])
    assert "A reply" not in client.get(address).text
    assert client.post(address, {"post": "yes"}).status_code == 302


def remove_selected_in_admin(client, comment: Comment) -> None:
    client.force_login(make_user(is_superuser=True, is_staff=True))
    selected = {"action": "delete_selected", "_selected_action": [comment.pk]}
    address = reverse("admin:interactions_comment_changelist")
    assert client.post(address, selected | {"post": "yes"}).status_code == 302


def delete_author(client, comment: Comment) -> None:
    make_comment(video=comment.video, parent=comment, user=comment.user)
    delete_account(user=comment.user)


@pytest.mark.parametrize(
    "remove",
    [
        remove_by_page,
        remove_by_api,
        remove_in_admin,
        remove_selected_in_admin,
        delete_author,
    ],
)
def test_replies_of_others_stay(client, remove):
    comment = make_comment(text="My secret")
    reply = make_comment(video=comment.video, parent=comment, text="A reply")
    elsewhere = make_comment(user=comment.user)
    remove(client, comment)
    assert Comment.objects.filter(parent=comment).get() == reply
    comment.refresh_from_db()
    assert (comment.user, comment.text) == (None, "")
    assert Comment.objects.filter(pk=elsewhere.pk).exists() == (
        remove is not delete_author
    )

    page = client.get(page_of(comment.video))
    assert page.context["count"] == 1
    assert "This comment was removed." in page.text
    assert "A reply" in page.text
    path = f"videos/{comment.video.video_id}/comments/"
    (thread,) = ask("GET", path).json()["results"]
    assert (thread["user"], thread["text"], thread["removed"]) == (None, "", True)
    assert [row["text"] for row in thread["replies"]] == ["A reply"]
    assert not thread["replies"][0]["removed"]

    services.delete_comment(user=reply.user, comment=reply)
    assert not Comment.objects.filter(video=comment.video).exists()


def test_a_thread_goes_on_below_a_removed_comment():
    comment = make_comment()
    reply = make_comment(video=comment.video, parent=comment)
    services.delete_comment(user=comment.user, comment=comment)
    comment.refresh_from_db()
    later = make_comment(video=comment.video, parent=reply)
    assert later.parent == comment
    services.delete_comment(user=later.user, comment=later)
    services.delete_comment(user=reply.user, comment=reply)
    with pytest.raises(ValidationError, match="deleted"):
        make_comment(video=comment.video, parent=comment)


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
