"""Routes of `/api/v1/`: resources by the router, actions and singletons by path."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from accounts.api import credentials, me, people, session
from interactions.api import events
from interactions.api import people as user_lists
from interactions.api import videos as video_actions
from recommender.web import api as feeds
from recommender.web.explore.api import PeopleToFollowView, TasteMapView
from videos.api import categories, videos


class DocumentationView(SpectacularSwaggerSplitView):
    http_method_names = ["get", "head"]  # OPTIONS has no template


AUTH = [
    path("signup/", session.SignupView.as_view()),
    path("login/", session.LoginView.as_view()),
    path("login/code/", session.LoginCodeView.as_view()),
    path("session/", session.SessionView.as_view()),
    path("reauthentication/", session.ReauthenticationView.as_view()),
    path("password/", credentials.PasswordView.as_view()),
    path("password/reset/", credentials.PasswordResetView.as_view()),
    path("password/reset/key/", credentials.PasswordResetConfirmationView.as_view()),
    path("email/", credentials.EmailView.as_view()),
    path("email/verification/", credentials.EmailVerificationView.as_view()),
    path("authenticators/totp/", credentials.TotpView.as_view()),
    path("authenticators/recovery-codes/", credentials.RecoveryCodesView.as_view()),
]

ME = [
    path("", me.MeView.as_view()),
    path("picture/", me.PictureView.as_view()),
    path("banner/", me.PictureView.as_view(field="banner_image")),
    path("interests/", me.InterestsView.as_view()),
    path("mood/", me.MoodView.as_view()),
    path("export/", me.ExportView.as_view()),
    path("deletion/", me.DeletionView.as_view()),
    # A router has no route that deletes a whole collection.
    path(
        "history/",
        user_lists.HistoryViewSet.as_view(
            {"get": "list", "delete": "clear"}, detail=False
        ),
    ),
    path(
        "history/<slug:video_id>/",
        user_lists.HistoryViewSet.as_view({"delete": "destroy"}, detail=True),
    ),
]

PERSON = [
    path("follow/", user_lists.FollowView.as_view()),
]

VIDEO = [
    path("thumbnail/", videos.ThumbnailView.as_view()),
    path("playback/", videos.PlaybackView.as_view()),
    path("like/", video_actions.LikeView.as_view()),
    path("not-interested/", video_actions.NotInterestedView.as_view()),
    path("explanation/", feeds.ExplanationView.as_view()),
]

FEEDS = [
    path("", feeds.StrategiesView.as_view()),
    path("home/", feeds.HomeView.as_view()),
    path("following/", feeds.FollowingFeedView.as_view()),
    path("trending/", feeds.TrendingFeedView.as_view()),
    path("category/<slug:slug>/", feeds.CategoryFeedView.as_view()),
    path("mood/<slug:mood>/", feeds.MoodFeedView.as_view()),
    path("related/<slug:video_id>/", feeds.RelatedFeedView.as_view()),
]

router = SimpleRouter(use_regex_path=False)
router.register("auth/sessions", session.SessionViewSet, "api-session")
router.register(
    "auth/authenticators", credentials.AuthenticatorViewSet, "api-authenticator"
)
router.register("me/videos", videos.OwnVideoViewSet, "api-own-video")
router.register("me/likes", user_lists.LikedVideoViewSet, "api-liked-video")
router.register("users", people.ProfileViewSet, "api-profile")
router.register(
    "users/<username:username>/followers", user_lists.FollowerViewSet, "api-follower"
)
router.register(
    "users/<username:username>/following", user_lists.FollowingViewSet, "api-following"
)
router.register("categories", categories.CategoryViewSet, "api-category")
router.register("videos", videos.VideoViewSet, "api-video")
router.register(
    "videos/<slug:video_id>/comments", video_actions.VideoCommentViewSet, "api-thread"
)
router.register("comments", video_actions.CommentViewSet, "api-comment")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", DocumentationView.as_view(url_name="schema"), name="docs"),
    path("auth/", include(AUTH)),
    path("me/", include(ME)),
    path("users/<username:username>/", include(PERSON)),
    path("videos/<slug:video_id>/", include(VIDEO)),
    path("feeds/", include(FEEDS)),
    path("events/", events.EventsView.as_view(), name="events"),
    path("explore/people/", PeopleToFollowView.as_view(), name="api_people"),
    path("explore/map/", TasteMapView.as_view(), name="api_taste_map"),
    *router.urls,
]
