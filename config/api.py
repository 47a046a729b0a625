"""Routes of `/api/v1/`; each app brings its own resources."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from accounts.api import credentials, me, people, session
from interactions.api import events
from interactions.api import people as social
from interactions.api import videos as doings
from recommender.web import api as feeds
from recommender.web.explore.api import PeopleToFollowView, TasteMapView
from videos.api import views as videos

AUTH = [
    path("signup/", session.SignupView.as_view()),
    path("login/", session.LoginView.as_view()),
    path("login/code/", session.LoginCodeView.as_view()),
    path("session/", session.SessionView.as_view()),
    path("sessions/", session.SessionsView.as_view()),
    path("sessions/<int:session_id>/", session.SessionRevocationView.as_view()),
    path("reauthentication/", session.ReauthenticationView.as_view()),
    path("password/", credentials.PasswordView.as_view()),
    path("password/reset/", credentials.PasswordResetView.as_view()),
    path("password/reset/key/", credentials.PasswordResetConfirmationView.as_view()),
    path("email/", credentials.EmailView.as_view()),
    path("email/verification/", credentials.EmailVerificationView.as_view()),
    path("authenticators/", credentials.AuthenticatorsView.as_view()),
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
    path("videos/", videos.OwnVideosView.as_view()),
    path("likes/", social.LikedView.as_view()),
    path("history/", social.HistoryView.as_view()),
    path("history/<slug:video_id>/", social.HistoryEntryView.as_view()),
]

PERSON = [
    path("", people.ProfileView.as_view()),
    path("follow/", social.FollowView.as_view()),
    path("followers/", social.FollowersView.as_view()),
    path("following/", social.FollowingView.as_view()),
]

VIDEO = [
    path("", videos.VideoView.as_view(), name="api_video"),
    path("thumbnail/", videos.ThumbnailView.as_view()),
    path("playback/", videos.PlaybackView.as_view()),
    path("like/", doings.LikeView.as_view()),
    path("not-interested/", doings.NotInterestedView.as_view()),
    path("comments/", doings.CommentsView.as_view()),
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


urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("auth/", include(AUTH)),
    path("me/", include(ME)),
    path("users/<username:username>/", include(PERSON)),
    path("categories/", videos.CategoriesView.as_view()),
    path("videos/", videos.VideosView.as_view()),
    path("videos/<slug:video_id>/", include(VIDEO)),
    path("comments/<int:comment_id>/", doings.CommentView.as_view()),
    path("feeds/", include(FEEDS)),
    path("events/", events.EventsView.as_view(), name="events"),
    path("explore/people/", PeopleToFollowView.as_view(), name="api_people"),
    path("explore/map/", TasteMapView.as_view(), name="api_taste_map"),
]
