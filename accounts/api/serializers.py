"""Serializers of `accounts`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from allauth.account.adapter import get_adapter
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.forms import USERNAME_MAX_LENGTH
from accounts.images import FORMAT_NAMES
from accounts.models import User
from accounts.moods import Mood
from accounts.profiles import shown_interests
from rest.output import FastOutput
from rest.prose_serializer_field import ProseSerializerField
from rest.strict_types import StrictTypes

PASSWORD_MAX_LENGTH = 4096  # the time of hashing grows with the length
Interests = User._meta.get_field("parent_category_interests").related_model


@extend_schema_field({"type": "string", "format": "uri", "nullable": True})
class PictureUrl(serializers.ImageField):
    """The URL of a picture, or null."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, use_url=True, **kwargs)


class PersonSerializer(FastOutput, serializers.ModelSerializer[User]):
    """The creator of a video or the author of a comment."""

    display_name = serializers.CharField(read_only=True)
    picture_url = PictureUrl(source="profile_picture")

    class Meta:
        model = User
        fields = ["username", "display_name", "picture_url", "verified"]
        read_only_fields = fields


class InterestsField(serializers.ManyRelatedField):
    """Slugs of parent categories."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child_relation=serializers.SlugRelatedField(
                slug_field="slug", queryset=Interests._default_manager.all()
            ),
            **kwargs,
        )


class MeSerializer(StrictTypes, serializers.ModelSerializer[User]):
    """The user's own account; `name` is shown instead of the username."""

    name = serializers.CharField(
        source="get_full_name", max_length=150, allow_blank=True, required=False
    )
    display_name = serializers.CharField(read_only=True)
    bio = ProseSerializerField(max_length=1000, allow_blank=True, required=False)
    website = serializers.URLField(max_length=200, allow_blank=True, required=False)
    picture_url = PictureUrl(source="profile_picture")
    banner_url = PictureUrl(source="banner_image")
    interests = serializers.SerializerMethodField(
        help_text="Slugs of parent categories."
    )

    class Meta:
        model = User
        fields = [
            *("username", "email", "display_name", "name", "bio", "website"),
            *("location", "time_zone", "picture_url", "banner_url", "role", "verified"),
            *("interests", "record_history", "share_likes", "show_interests"),
            *("show_follows", "date_joined"),
        ]
        read_only_fields = ["username", "email", "role", "verified", "date_joined"]

    def get_interests(self, user: User) -> list[str]:
        return list(user.parent_category_interests.values_list("slug", flat=True))

    def validate_website(self, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise serializers.ValidationError(
                "Use an address that begins with https://."
            )
        return value


class FiguresSerializer(serializers.Serializer[Any]):
    """Counts of public data."""

    videos = serializers.IntegerField()
    views = serializers.IntegerField()
    followers = serializers.IntegerField()
    following = serializers.IntegerField()


class ProfileSerializer(PersonSerializer):
    """A person's profile, with counts of public data."""

    banner_url = PictureUrl(source="banner_image")
    website = serializers.CharField(read_only=True, help_text="Empty without one.")
    figures = serializers.SerializerMethodField()
    is_following = serializers.SerializerMethodField(help_text="Whether you follow.")
    interests = serializers.SerializerMethodField(
        help_text="Slugs of parent categories; empty if the person does not show them."
    )

    class Meta(PersonSerializer.Meta):
        fields = [
            *PersonSerializer.Meta.fields,
            *("banner_url", "bio", "website", "location", "date_joined", "interests"),
            *("figures", "is_following"),
        ]
        read_only_fields = fields

    @extend_schema_field(FiguresSerializer)
    def get_figures(self, person: User) -> Any:
        return self.context["figures"]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_interests(self, person: User) -> list[str]:
        interests = shown_interests(person, self.context["request"].user)
        return [interest.slug for interest in interests]

    def get_is_following(self, person: User) -> bool:
        return person.pk in self.context["followed"]


class SignupSerializer(StrictTypes):
    username = serializers.RegexField(
        r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_])?$",
        min_length=3,
        max_length=USERNAME_MAX_LENGTH,
    )
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(
        min_length=8, max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False
    )
    interests = InterestsField(
        required=False, default=list, help_text="Slugs of parent categories."
    )
    mood = serializers.ChoiceField(
        Mood.choices, required=False, help_text="The first feed starts with it."
    )


class LoginSerializer(StrictTypes):
    login = serializers.CharField(
        max_length=254, help_text="Username or e-mail address."
    )
    password = serializers.CharField(
        max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False
    )


class TokenSerializer(serializers.Serializer[Any]):
    """Keep `token` secret: it is valid until the session ends."""

    token = serializers.CharField(read_only=True)
    user = MeSerializer(read_only=True)


class CodeSerializer(StrictTypes):
    code = serializers.CharField(max_length=16)


class PasswordSerializer(StrictTypes):
    password = serializers.CharField(
        max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False
    )


class NewPasswordSerializer(StrictTypes):
    current_password = serializers.CharField(
        max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False
    )
    new_password = serializers.CharField(
        min_length=8, max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False
    )


class ResetSerializer(StrictTypes):
    key = serializers.CharField(
        max_length=200, help_text="The part after `/key/` of the link in the e-mail."
    )
    password = serializers.CharField(
        min_length=8, max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False
    )

    def validate_key(self, key: str) -> str:
        # allauth fails on a key without one of its two parts.
        person, _, token = key.partition("-")
        if not person.strip() or not token.strip():
            raise get_adapter().validation_error("invalid_password_reset")
        return key


class EmailSerializer(StrictTypes):
    email = serializers.EmailField(max_length=254)


class KeySerializer(StrictTypes):
    key = serializers.CharField(
        max_length=200, help_text="The last part of the link in the e-mail."
    )


class EmailAddressSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    verified = serializers.BooleanField()
    primary = serializers.BooleanField()


class Moment(serializers.DateTimeField):
    """A time that allauth gives in seconds since 1970."""

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(datetime.fromtimestamp(value, UTC))


class SessionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    user_agent = serializers.CharField(allow_blank=True)
    ip = serializers.CharField()
    created_at = Moment()
    is_current = serializers.BooleanField()


class AuthenticatorSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["totp", "recovery_codes"])
    created_at = Moment()
    last_used_at = Moment(allow_null=True)


class TotpSerializer(serializers.Serializer[Any]):
    """The secret and its `otpauth` URL are present until it is active."""

    active = serializers.BooleanField()
    secret = serializers.CharField(required=False)
    url = serializers.CharField(required=False, help_text="otpauth://...")


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    """Each replaces the authenticator's code once."""

    unused_codes = serializers.ListField(child=serializers.CharField())


class PictureSerializer(serializers.Serializer[Any]):
    image = serializers.FileField(help_text=f"{FORMAT_NAMES}.")


class MoodSerializer(StrictTypes):
    mood = serializers.ChoiceField(
        Mood.choices,
        allow_blank=True,
        help_text="The mood of the videos that you want to see; may be empty.",
    )


class InterestsSerializer(StrictTypes):
    interests = InterestsField(
        help_text="Slugs of parent categories; they replace the current ones."
    )
