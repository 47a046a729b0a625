"""Routes of `/api/v1/`; each app brings its own resources."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
