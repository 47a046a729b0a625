"""Pages of `interactions`."""

from __future__ import annotations

from django.urls import path

from interactions import views

urlpatterns = [
    path("history/", views.history, name="history"),
    path("history/remove/", views.history_remove, name="history_remove"),
    path("history/record/", views.history_record, name="history_record"),
    path("liked/", views.liked, name="liked"),
    path("video/<slug:video_id>/like/", views.like, name="like"),
    path("video/<slug:video_id>/comments/", views.comments, name="comments"),
    path(
        "video/<slug:video_id>/not-interested/",
        views.not_interested,
        name="not_interested",
    ),
    path(
        "comments/<int:comment_id>/delete/", views.comment_delete, name="comment_delete"
    ),
    path("profile/<username:username>/follow/", views.follow, name="follow"),
]
