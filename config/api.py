"""Routes of `/api/v1/`; each app brings its own resources."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from interactions.api import EventsView
from recommender.explore.api import PeopleToFollowView, TasteMapView

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("events/", EventsView.as_view(), name="events"),
    path("explore/people/", PeopleToFollowView.as_view(), name="api_people"),
    path("explore/map/", TasteMapView.as_view(), name="api_taste_map"),
]
