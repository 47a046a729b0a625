"""Comments and replies."""

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
    """Add a comment, or a reply to `parent`. A reply to a reply joins its thread.

    Raises `ValidationError` if the text is empty or too long, or if `parent` belongs to
    another video.
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
    """Delete a comment with its replies. Raises `PermissionDenied`."""
    if not Comment.objects.deletable_by(user).filter(pk=comment.pk).exists():
        raise PermissionDenied
    comment.delete()
