"""Slugs of the videos there are: their titles."""

from django.db import migrations
from django.utils.text import slugify

BATCH = 1000


def fill(apps, schema_editor):
    videos = apps.get_model("videos", "Video").objects
    batch = []
    for video in videos.filter(slug="").only("title").iterator(BATCH):
        video.slug = slugify(video.title)[:200]
        batch.append(video)
        if len(batch) == BATCH:
            videos.bulk_update(batch, ["slug"])
            batch = []
    videos.bulk_update(batch, ["slug"])


class Migration(migrations.Migration):
    dependencies = [("videos", "0004_topics_tags_and_moods")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
