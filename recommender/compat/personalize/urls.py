"""The address that takes the place of AWS's, as `endpoint_url` of a client."""

from __future__ import annotations

from django.urls import path

from recommender.compat.personalize import views

urlpatterns = [path("<path:path>", views.answer, name="personalize")]
