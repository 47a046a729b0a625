from __future__ import annotations

import pytest
from django.db import connection

from imports.loading import load
from imports.movielens import MovieLens100K
from imports.tests import folders
from interactions.models import Watch

pytestmark = pytest.mark.django_db


def updates_of_watches():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_upd FROM pg_stat_xact_user_tables WHERE relid = %s::regclass",
            [Watch._meta.db_table],
        )
        return cursor.fetchone()[0]


def test_watches_are_written_once_with_whether_they_count(tmp_path):
    before = updates_of_watches()
    summary = load(
        dataset=MovieLens100K(folders.ml100k(tmp_path)),
        on_bad_row=lambda row: None,
        on_progress=lambda rows: None,
    )
    assert (summary.watches, summary.likes) == (3, 2)
    found = Watch.objects.order_by("timestamp").values_list("watch_time", "counted")
    assert list(found) == [(1.0, True), (0.2, False), (0.8, True)]
    assert updates_of_watches() == before  # each row rewritten costs time
