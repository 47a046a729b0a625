"""Pages of `recommender`, and what it serves to programs at the top level."""

from __future__ import annotations

from django.urls import include, path

from recommender.compat import legacy_feed
from recommender.web import views
from recommender.web.explore import views as explore

urlpatterns = [
    path("", views.home, name="home"),
    path("mood/", views.pick_mood, name="pick_mood"),
    path("following/", views.following, name="following"),
    path("explore/", views.explore, name="explore"),
    path("explore/people/", explore.explore_people, name="explore_people"),
    path("explore/map/", explore.taste_map_page, name="taste_map"),
    path("category/<slug:slug>/", views.category, name="category"),
    path("feed", legacy_feed.FeedView.as_view(), name="service_feed"),
    path("posts/all", legacy_feed.AllPostsView.as_view(), name="service_posts"),
    path("personalize/", include("recommender.compat.personalize.urls")),
    path("video/<slug:video_id>/related/", views.related, name="related"),
]
