"""Comments and replies."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from interactions.models import Comment
from videos.models import Video


@transaction.atomic
def add_comment(
    *, user: User, video: Video, text: str, parent: Comment | None = None
) -> Comment:
    """Add a comment, or a reply to `parent`. A reply to a reply joins its thread.

    Raises `ValidationError` if the text is empty or too long, or if `parent` belongs to
    another video or has been deleted.
    """
    if parent is not None:
        if parent.video_id != video.pk:
            raise ValidationError({"parent": "That comment is on another video."})
        parent = _locked([parent.parent_id or parent.pk]).first()
        if parent is None:
            raise ValidationError({"parent": "That comment has been deleted."})
    comment = Comment(user=user, video=video, parent=parent, text=text.strip())
    comment.full_clean()
    comment.save()
    return comment


@transaction.atomic
def delete_comment(*, user: User, comment: Comment) -> None:
    """As `remove_comments`, for one. Raises `PermissionDenied`."""
    if not Comment.objects.deletable_by(user).filter(pk=comment.pk).exists():
        raise PermissionDenied
    remove_comments(Comment.objects.filter(pk=comment.pk))


@transaction.atomic
def remove_comments(comments: QuerySet[Comment]) -> None:
    """Delete comments; the replies of others stay.

    A comment with replies loses its author and its text. It is deleted with its last
    reply.
    """
    rows = comments.order_by().values_list("pk", "parent_id")
    keys, parents = {pk for pk, _ in rows}, {parent for _, parent in rows if parent}
    threads = keys | parents
    list(_locked(threads).values_list("pk"))
    Comment.objects.filter(pk__in=keys).exclude(parent=None).delete()
    replied = Q(pk__in=Comment.objects.filter(parent__in=threads).values("parent"))
    obsolete = Q(pk__in=keys) | Q(pk__in=parents, user=None)
    Comment.objects.filter(replied, pk__in=keys).update(user=None, text="")
    Comment.objects.filter(obsolete).exclude(replied).delete()


def _locked(keys: Collection[int]) -> QuerySet[Comment]:
    """The comments, in the order of their keys, locked against new replies."""
    return Comment.objects.select_for_update().filter(pk__in=keys).order_by("pk")
