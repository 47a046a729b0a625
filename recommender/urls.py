"""Pages of `recommender`, and what it serves to programs at the top level."""

from __future__ import annotations

from django.urls import include, path

from recommender import posts, views
from recommender.explore import views as explore

urlpatterns = [
    path("", views.home, name="home"),
    path("mood/", views.pick_mood, name="pick_mood"),
    path("following/", views.following, name="following"),
    path("explore/", views.explore, name="explore"),
    path("explore/people/", explore.explore_people, name="explore_people"),
    path("explore/map/", explore.taste_map_page, name="taste_map"),
    path("category/<slug:slug>/", views.category, name="category"),
    path("feed", posts.FeedView.as_view(), name="service_feed"),
    path("posts/all", posts.AllPostsView.as_view(), name="service_posts"),
    path("personalize/", include("recommender.personalize.urls")),
    path("video/<slug:video_id>/related/", views.related, name="related"),
]
