"""Comments and the replies to them."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from interactions.models import Comment
from videos.models import Video


@transaction.atomic
def add_comment(
    *, user: User, video: Video, text: str, parent: Comment | None = None
) -> Comment:
    """A reply to a reply joins the same thread: replies are one level deep.

    Raises `ValidationError` for an empty or too long text, and for a `parent` that
    stands under another video.
    """
    if parent is not None:
        if parent.video_id != video.pk:
            raise ValidationError({"parent": "That comment is on another video."})
        parent = parent.parent or parent
    comment = Comment(user=user, video=video, parent=parent, text=text.strip())
    comment.full_clean()
    comment.save()
    return comment


@transaction.atomic
def delete_comment(*, user: User, comment: Comment) -> None:
    """With its replies. Raises `PermissionDenied` for who may not."""
    if not Comment.objects.deletable_by(user).filter(pk=comment.pk).exists():
        raise PermissionDenied
    comment.delete()
