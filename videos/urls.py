"""Pages of `videos`."""

from __future__ import annotations

from django.urls import path

from videos.views import search, studio, watch

urlpatterns = [
    path("search/", search.search, name="search"),
    path("upload/", studio.upload, name="upload"),
    path("studio/", studio.studio, name="studio"),
    path("video/<slug:video_id>/", watch.video, name="video"),
    path("video/<slug:video_id>/file/", watch.file, name="video_file"),
    path("video/<slug:video_id>/thumbnail/", watch.thumbnail, name="video_thumbnail"),
    path(
        "video/<slug:video_id>/thumbnail/<int:width>/",
        watch.thumbnail,
        name="video_thumbnail_width",
    ),
    path("video/<slug:video_id>/edit/", studio.edit, name="video_edit"),
    path("video/<slug:video_id>/delete/", studio.delete, name="video_delete"),
]
