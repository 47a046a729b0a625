"""One more day of watches on a synthetic site: `another_day FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from django.db import connection, transaction

from benchmarks.site import folder

DAYS = 365  # over which the site's watches were made

# People who watched lately watch what others watched lately. Keys decide who and what,
# so that equal sites get equal days; the watches are of the last minute.
WATCHES = """
INSERT INTO interactions_watch (user_id, video_id, session_id, watch_time,
    watched_duration, counted, position, timestamp, created_at, updated_at)
SELECT user_id, video_id, gen_random_uuid(), fraction, seconds, true, seconds,
    at, at, at
FROM (
    SELECT watch.user_id, other.video_id, other.watch_time AS fraction,
        other.watched_duration AS seconds,
        now() - interval '1 minute' * (watch.place::float8 / %(count)s) AS at
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM lately) AS watch
    JOIN (SELECT *, row_number() OVER (ORDER BY md5(id::text)) AS place FROM lately)
        AS other USING (place)
) AS made
WHERE fraction >= 0.5 AND NOT EXISTS (SELECT FROM interactions_engagement AS e
    WHERE e.user_id = made.user_id AND e.video_id = made.video_id)
    AND NOT EXISTS (SELECT FROM videos_video AS v
        WHERE v.id = made.video_id AND v.creator_id = made.user_id)
"""
LATELY = """
CREATE TEMPORARY TABLE lately ON COMMIT DROP AS
SELECT * FROM interactions_watch ORDER BY timestamp DESC, id LIMIT %(count)s
"""


@transaction.atomic
def add() -> int:
    """Add a day's watches with their aggregates; returns how many."""
    from accounts.models import User
    from interactions.services.aggregates import rebuild

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM interactions_watch")
        count = 2 * cursor.fetchone()[0] // DAYS  # about half of them are left out
        cursor.execute(LATELY, {"count": count})
        cursor.execute("SELECT DISTINCT user_id FROM lately")
        people = [key for (key,) in cursor.fetchall()]
        cursor.execute(WATCHES, {"count": count})
        added = int(cursor.rowcount)
    rebuild(users=User.objects.filter(pk__in=people))
    return added


if __name__ == "__main__":
    folder.use(Path(sys.argv[1]))
    print(f"{add():,} watches added")
