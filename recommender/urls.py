"""Pages of `recommender`."""

from __future__ import annotations

from django.urls import path

from recommender import views

urlpatterns = [
    path("", views.home, name="home"),
    path("following/", views.following, name="following"),
    path("explore/", views.explore, name="explore"),
    path("category/<slug:slug>/", views.category, name="category"),
    path("video/<slug:video_id>/related/", views.related, name="related"),
]
