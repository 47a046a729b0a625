"""The categories and the first administrator of a new installation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from videos.catalog import CATALOG
from videos.models import Category, ParentCategory


@dataclass(frozen=True, slots=True)
class CatalogueSize:
    """The number of rows, and how many of them `install_catalogue` created."""

    parents: int
    categories: int
    created: int


@transaction.atomic
def install_catalogue() -> CatalogueSize:
    """Create the parent categories and categories that are missing.

    Rows are identified by slug. Existing rows are not changed: administrators may have
    edited their names, icons and descriptions.
    """
    created = 0
    for entry in CATALOG:
        parent, is_new = ParentCategory.objects.get_or_create(
            slug=entry.slug,
            defaults={
                "name": entry.name,
                "icon": entry.icon,
                "description": entry.description,
            },
        )
        created += is_new
        for child in entry.categories:
            _, is_new = Category.objects.get_or_create(
                slug=child.slug,
                defaults={
                    "name": child.name,
                    "icon": child.icon,
                    "description": child.description,
                    "parent_category": parent,
                },
            )
            created += is_new
    return CatalogueSize(
        parents=ParentCategory.objects.count(),
        categories=Category.objects.count(),
        created=created,
    )


@transaction.atomic
def ensure_administrator(
    *, username: str, email: str, password: str
) -> tuple[User, str] | None:
    """Create the first administrator, or return None if there is one.

    Returns the password too; an empty `password` is replaced by a random one. Raises
    `django.db.IntegrityError` if the username or e-mail is taken.
    """
    if User.objects.filter(is_superuser=True).exists():
        return None
    password = password or secrets.token_urlsafe(12)
    admin = User.objects.create_superuser(
        username=username, email=email, password=password
    )
    return admin, password
