"""Pages of `accounts`; allauth's own are under `accounts/`."""

from __future__ import annotations

from django.urls import path, re_path

from accounts.views import media, profile, settings, signup

urlpatterns = [
    path("accounts/signup/dialog/", signup.signup_dialog, name="signup_dialog"),
    path("profile/<username:username>/", profile.videos, name="profile"),
    path("profile/<username:username>/about/", profile.about, name="profile_about"),
    path(
        "profile/<username:username>/followers/",
        profile.followers,
        name="profile_followers",
    ),
    path(
        "profile/<username:username>/following/",
        profile.following,
        name="profile_following",
    ),
    path("settings/", settings.edit_profile, name="settings"),
    path("settings/interests/", settings.interests, name="interests"),
    path("settings/privacy/", settings.privacy, name="privacy"),
    path("settings/account/", settings.account, name="account"),
    path("settings/account/export/", settings.export, name="account_export"),
    path("settings/account/delete/", settings.delete, name="account_delete"),
    re_path(
        r"^media/public/(?P<path>[a-z]+/[0-9a-f]{32}\.(jpg|png|webp))\Z",
        media.public_media,
        name="public_media",
    ),
    re_path(
        r"^media/public/(?P<path>profile/[0-9a-f]{32}\.(?:jpg|png|webp))/small\Z",
        media.small_picture,
        name="small_picture",
    ),
]
