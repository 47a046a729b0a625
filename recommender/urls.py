"""Pages of `recommender`."""

from __future__ import annotations

from django.urls import path

from recommender import views
from recommender.explore import views as explore

urlpatterns = [
    path("", views.home, name="home"),
    path("mood/", views.pick_mood, name="pick_mood"),
    path("following/", views.following, name="following"),
    path("explore/", views.explore, name="explore"),
    path("explore/people/", explore.explore_people, name="explore_people"),
    path("explore/map/", explore.taste_map_page, name="taste_map"),
    path("category/<slug:slug>/", views.category, name="category"),
    path("video/<slug:video_id>/related/", views.related, name="related"),
]
