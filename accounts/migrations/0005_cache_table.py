"""The table of `CACHES`, so that `migrate` is all that an installation needs."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_usernames")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
