"""Forms of `accounts`."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.contrib import messages
from django.core.validators import MaxLengthValidator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import time_zones
from accounts.images import PictureField
from accounts.models import User
from accounts.moods import Mood
from accounts.services import set_interests, set_mood

USERNAME_MAX_LENGTH = 30  # of those chosen here; imported ones may be longer


class SignupForm(AllauthSignupForm):  # type: ignore[misc]
    """allauth's form, with interests and a mood."""

    parent_category_interests = User._meta.get_field(
        "parent_category_interests"
    ).formfield(
        label="What do you like to watch?",
        help_text="Your home page starts with these. You can change them at any time.",
        widget=forms.CheckboxSelectMultiple,
    )

    mood = forms.ChoiceField(
        label="Which mood would you like?",
        help_text="Your home page starts with it. You can change it there at any time.",
        choices=[("", "Anything"), *Mood.choices],
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username = self.fields["username"]
        username.help_text = "Up to 30 letters and digits, with . _ - between them."
        username.validators.append(MaxLengthValidator(USERNAME_MAX_LENGTH))
        username.widget.attrs["maxlength"] = USERNAME_MAX_LENGTH

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth within `save`."""
        set_interests(
            user=user,
            parent_categories=self.cleaned_data["parent_category_interests"],
        )
        if self.cleaned_data["mood"]:
            set_mood(user=user, mood=self.cleaned_data["mood"])

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """As allauth's, in one transaction.

        Two sign-ups with one name at the same moment both pass validation; the database
        rejects the second.
        """
        try:
            with transaction.atomic():
                return super().try_save(request)  # type: ignore[no-any-return]
        except IntegrityError:
            messages.error(
                request, "This username or e-mail was just taken. Try another."
            )
            return None, redirect("account_signup")


class ProfileForm(forms.ModelForm[User]):
    name = forms.CharField(
        max_length=150,
        required=False,
        help_text="Shown instead of your username.",
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    website = forms.URLField(
        required=False,
        assume_scheme="https",
        max_length=200,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    time_zone = forms.ChoiceField(
        choices=lambda: [
            ("", "The same as in my browser"),
            *((name, name.replace("_", " ")) for name in time_zones.names()),
        ],
        required=False,
        help_text="Dates and times are shown in this time zone.",
    )
    profile_picture = PictureField(max_size=(512, 512), required=False)
    banner_image = PictureField(
        max_size=(1600, 400), required=False, help_text="Best at 1600 by 400 pixels."
    )

    class Meta:
        model = User
        fields = [
            "profile_picture",
            "banner_image",
            "name",
            "bio",
            "website",
            "location",
            "time_zone",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["name"] = self.instance.get_full_name()

    def clean_website(self) -> str:
        website: str = self.cleaned_data["website"]
        if website and not website.startswith(("http://", "https://")):
            raise forms.ValidationError("Use an address that begins with https://.")
        return website

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        self.instance.first_name, self.instance.last_name = name, ""
        return name


class InterestsForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["parent_category_interests"]
        labels = {"parent_category_interests": "What do you like to watch?"}
        widgets = {"parent_category_interests": forms.CheckboxSelectMultiple}


class PrivacyForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["record_history", "share_likes", "show_interests", "show_follows"]
        labels = {
            "record_history": "Record what I watch",
            "share_likes": "Count my likes for my followers",
            "show_interests": "Show my interests on my profile",
            "show_follows": "Show the people I follow and my followers",
        }
        help_texts = {
            "record_history": "Your history and feeds use it. If you switch it off, "
            "your history so far stays until you remove it.",
            "share_likes": "Your followers may see “3 people you follow liked it” "
            "if you are one of at least three. Your name is not shown.",
            "show_interests": "If this is off, only you see your interests.",
            "show_follows": "If this is off, only you see these two lists, and you are "
            "not in the lists of others. The numbers are always shown.",
        }


class DeleteAccountForm(forms.Form):
    """Requires the password; the last administrator cannot be deleted."""

    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password

    def clean(self) -> None:
        others = User.objects.filter(is_superuser=True, is_active=True)
        if self.user.is_superuser and not others.exclude(pk=self.user.pk).exists():
            raise forms.ValidationError(
                "You are the only administrator: appoint another one first."
            )
