"""All routes: the pages of each app, the API, the admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config.runtime.metrics import metrics
from config.views import preparation_progress

urlpatterns = [
    path("admin/", admin.site.urls),
    path("metrics", metrics, name="metrics"),
    path("preparation/", preparation_progress, name="preparation"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("config.api")),
    path("docs/", RedirectView.as_view(pattern_name="docs")),
    path("", include("accounts.urls")),
    path("", include("videos.urls")),
    path("", include("interactions.urls")),
    path("", include("recommender.urls")),
]

handler400 = "config.views.bad_request"
handler404 = "rest.problems.not_found"
handler500 = "rest.problems.server_error"
