"""The catalogue is consistent, and setting up may be repeated."""

from __future__ import annotations

import unicodedata
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.tests.factories import make_user
from videos.catalog import CATALOG
from videos.models import Category, ParentCategory


def set_up(**options) -> str:
    out = StringIO()
    call_command("setup_platform", stdout=out, **options)
    return out.getvalue()


def test_catalogue_is_large_enough_and_its_slugs_are_unique_over_both_levels():
    slugs = [parent.slug for parent in CATALOG]
    slugs += [child.slug for parent in CATALOG for child in parent.categories]
    assert len(CATALOG) >= 12
    assert len(slugs) - len(CATALOG) >= 48
    assert len(set(slugs)) == len(slugs)
    assert all(slugs)


def test_every_entry_has_one_emoji_and_a_sentence():
    entries = [*CATALOG, *(child for parent in CATALOG for child in parent.categories)]
    for entry in entries:
        # Joined and variation-selected sequences show as one picture.
        pictures = [
            c for c in entry.icon if unicodedata.category(c) not in {"Mn", "Cf"}
        ]
        assert len(pictures) == 1 or "\N{ZERO WIDTH JOINER}" in entry.icon, entry
        assert all(ord(c) > 0x2000 for c in entry.icon), entry
        assert entry.description.endswith("."), entry


@pytest.mark.django_db
def test_second_run_changes_nothing_and_keeps_edits(monkeypatch):
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)
    first = set_up()
    jazz = Category.objects.get(slug="jazz")
    assert jazz.parent_category.slug == "music"
    Category.objects.filter(pk=jazz.pk).update(name="Jazz & Blues")
    counts = ParentCategory.objects.count(), Category.objects.count()

    second = set_up()

    assert (ParentCategory.objects.count(), Category.objects.count()) == counts
    jazz.refresh_from_db()
    assert jazz.name == "Jazz & Blues"
    assert "password" in first
    assert "password" not in second
    assert "0 of them new" in second


@pytest.mark.django_db
def test_printed_password_signs_the_administrator_in(monkeypatch):
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)
    line = next(line for line in set_up().splitlines() if "password:" in line)
    admin = User.objects.get(username="admin")
    assert admin.is_superuser
    assert admin.check_password(line.rsplit("password: ")[1].strip())


@pytest.mark.django_db
def test_password_from_the_environment_is_used_and_not_shown(monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", "a long secret of mine")
    out = set_up(admin="root")
    assert "a long secret of mine" not in out
    assert User.objects.get(username="root").check_password("a long secret of mine")


@pytest.mark.django_db
def test_taken_username_is_a_clear_error():
    make_user(username="Admin")
    with pytest.raises(CommandError, match="is taken"):
        set_up()
    assert not User.objects.filter(is_superuser=True).exists()
