"""A removed comment stays in the place of its replies, without user and text."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The older version knows no removed comments, and deletes replies with them.
DELETE_REMOVED = """
DELETE FROM interactions_comment WHERE parent_id IN (
    SELECT id FROM interactions_comment WHERE user_id IS NULL);
DELETE FROM interactions_comment WHERE user_id IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("interactions", "0008_plain_texts"),
        ("videos", "0007_video_changed_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="comment",
            name="comment_not_empty",
        ),
        migrations.AlterField(
            model_name="comment",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="comments",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("text", ""), ("user", None)),
                    models.Q(
                        models.Q(("user", None), _negated=True),
                        models.Q(("text", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="comment_has_user_and_text",
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, DELETE_REMOVED),
    ]
