"""The outbox of the graph: statement triggers note the keys of what changed."""

from django.db import migrations, models
from django.db.models.functions import Now

# kind: table, the two columns of the key (0 where one is enough), other columns mirrored.
KINDS = {
    "user": (
        "accounts_user",
        "id",
        "0",
        "username, is_active, share_likes, date_joined",
    ),
    "parent": ("videos_parentcategory", "id", "0", "name, slug"),
    "category": ("videos_category", "id", "0", "name, slug"),
    "video": (
        "videos_video",
        "id",
        "0",
        "video_id, title, duration, visibility, state, published_at, created_at",
    ),
    "category_parent": ("videos_category", "id", "parent_category_id", ""),
    "uploaded": ("videos_video", "creator_id", "id", ""),
    "in_category": ("videos_video_categories", "video_id", "category_id", ""),
    "in_parent": (
        "videos_video_parent_categories",
        "video_id",
        "parentcategory_id",
        "",
    ),
    "engagement": (
        "interactions_engagement",
        "user_id",
        "video_id",
        "fraction, seconds, sessions, viewed, liked, score, last_at",
    ),
    "inspired": ("interactions_inspire", "user_id", "video_id", "timestamp"),
    "rated": ("interactions_rating", "user_id", "video_id", "percent, timestamp"),
    "not_interested": (
        "interactions_notinterested",
        "user_id",
        "video_id",
        "created_at",
    ),
    "follows": ("interactions_follow", "follower_id", "followee_id", "created_at"),
    "chose": (
        "accounts_user_parent_category_interests",
        "user_id",
        "parentcategory_id",
        "",
    ),
    "interest": (
        "interactions_usercategoryinterest",
        "user_id",
        "category_id",
        "score, interaction_count, scored_at",
    ),
}

# `fresh` and `stale` are the statement's rows after and before it. An update notes both
# keys where a key changed, and nothing where no mirrored column did: counters of videos
# change with every watch. A table emptied at once is noted as a whole, without a key.
FUNCTION = """
CREATE FUNCTION interactions_note_graph_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    noted_kind CONSTANT text := TG_ARGV[0];
    key CONSTANT text := TG_ARGV[1];
    mirrored CONSTANT text := TG_ARGV[2];
    keys text;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO interactions_graphchange (kind) VALUES (noted_kind);
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        keys := format('SELECT %s FROM fresh', key);
    ELSIF TG_OP = 'DELETE' THEN
        keys := format('SELECT %s FROM stale', key);
    ELSE
        keys := format(
            'SELECT %1$s FROM (SELECT %2$s FROM fresh EXCEPT SELECT %2$s FROM stale) a'
            ' UNION '
            'SELECT %1$s FROM (SELECT %2$s FROM stale EXCEPT SELECT %2$s FROM fresh) b',
            key, mirrored);
    END IF;
    EXECUTE format(
        'INSERT INTO interactions_graphchange (kind, source, target)'
        ' SELECT %L, changed.* FROM (%s) AS changed', noted_kind, keys);
    RETURN NULL;
END $$
"""

TRIGGER = """
CREATE TRIGGER graph_{kind}_{operation} AFTER {operation} ON {table} {referencing}
FOR EACH STATEMENT EXECUTE FUNCTION
interactions_note_graph_change('{kind}', '{source}, {target}', '{mirrored}')
"""

OPERATIONS = {
    "insert": "REFERENCING NEW TABLE AS fresh",
    "update": "REFERENCING OLD TABLE AS stale NEW TABLE AS fresh",
    "delete": "REFERENCING OLD TABLE AS stale",
    "truncate": "",
}


def triggers():
    for kind, (table, source, target, values) in KINDS.items():
        columns = [
            source,
            *([target] if target != "0" else []),
            *([values] if values else []),
        ]
        for operation, referencing in OPERATIONS.items():
            yield migrations.RunSQL(
                TRIGGER.format(
                    kind=kind,
                    operation=operation,
                    table=table,
                    referencing=referencing,
                    source=source,
                    target=target,
                    mirrored=", ".join(columns),
                ),
                f"DROP TRIGGER graph_{kind}_{operation} ON {table}",
            )


class Migration(migrations.Migration):
    dependencies = [
        ("interactions", "0006_inspire_rating_untimed_views"),
        ("accounts", "0006_share_likes"),
        ("videos", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="GraphChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("source", models.BigIntegerField(null=True)),
                ("target", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField(db_default=Now())),
            ],
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION interactions_note_graph_change()"),
        *triggers(),
    ]
