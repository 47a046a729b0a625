"""Administration of people and service clients."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import ngettext

from accounts import services
from accounts.models import ServiceClient, User

admin.site.site_header = admin.site.site_title = settings.SITE_NAME
admin.site.index_title = "Administration"


class EmailAddressInline(admin.TabularInline[EmailAddress, User]):
    """At most two: the current address, and a new one until it is confirmed."""

    model = EmailAddress
    extra = 0
    fields = ["email", "primary", "verified"]


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    list_display = [
        "picture",
        "username",
        "display_name",
        "email",
        "role",
        "verified",
        "is_active",
        "is_staff",
        "date_joined",
    ]
    list_display_links = ["picture", "username"]
    list_filter = [
        "role",
        "verified",
        "is_active",
        "is_staff",
        "is_demo",
        "date_joined",
        "parent_category_interests",
    ]
    search_fields = ["username", "email", "first_name", "last_name", "external_id"]
    list_per_page = 50
    inlines = [EmailAddressInline]
    filter_horizontal = ["parent_category_interests", "groups", "user_permissions"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    readonly_fields = [
        "picture",
        "banner",
        "last_login",
        "date_joined",
        "updated_at",
        "is_demo",
        "source",
        "external_id",
    ]
    fieldsets = [
        (None, {"fields": ["username", "email", "password"]}),
        (
            "Profile",
            {
                "fields": [
                    *("picture", "banner", "first_name", "last_name"),
                    *("bio", "website", "location", "time_zone"),
                ]
            },
        ),
        ("Status", {"fields": ["role", "verified", "is_active"]}),
        (
            "Choices",
            {
                "fields": [
                    *("parent_category_interests", "record_history", "share_likes"),
                    *("show_interests", "show_follows"),
                ]
            },
        ),
        (
            "Administration",
            {
                "classes": ["collapse"],
                "fields": [
                    *("is_staff", "is_superuser", "groups", "user_permissions"),
                ],
            },
        ),
        (
            "Origin",
            {
                "fields": [
                    *("date_joined", "last_login", "updated_at"),
                    *("is_demo", "source", "external_id"),
                ]
            },
        ),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "email", "password1", "password2"]})
    ]
    actions = [
        "give_badge",
        "take_badge",
        "activate",
        "deactivate",
        "take_pictures_down",
    ]

    @admin.display(description="")
    def picture(self, user: User) -> str:
        return _image(user.profile_picture, height=40)

    @admin.display(description="Banner")
    def banner(self, user: User) -> str:
        return _image(user.banner_image, height=80)

    @admin.action(description="Add the verified badge", permissions=["change"])
    def give_badge(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._report(request, services.set_verified(users=users, verified=True))

    @admin.action(description="Remove the verified badge", permissions=["change"])
    def take_badge(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._report(request, services.set_verified(users=users, verified=False))

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._report(request, services.set_active(users=users, active=True))

    @admin.action(description="Deactivate", permissions=["change"])
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        assert request.user.is_authenticated
        # Administrators cannot lock themselves out.
        others = users.exclude(pk=request.user.pk)
        self._report(request, services.set_active(users=others, active=False))

    @admin.action(description="Remove the pictures", permissions=["change"])
    def take_pictures_down(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            services.remove_pictures(user=user)
        self._report(request, len(users))

    def delete_model(self, request: HttpRequest, user: User) -> None:
        services.delete_account(user=user)

    def delete_queryset(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            services.delete_account(user=user)

    def _report(self, request: HttpRequest, count: int) -> None:
        self.message_user(
            request, ngettext("%d person changed.", "%d people changed.", count) % count
        )


@admin.register(ServiceClient)
class ServiceClientAdmin(admin.ModelAdmin[ServiceClient]):
    """Clients are created by `create_service_client`, which prints the secret."""

    list_display = ["name", "client_id", "source", "active", "last_used_at"]
    list_filter = ["active", "source"]
    search_fields = ["name", "client_id"]
    fields = ["name", "client_id", "source", "active", "created_at", "last_used_at"]
    readonly_fields = ["client_id", "created_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


def _image(image: models.fields.files.ImageFieldFile, *, height: int) -> str:
    if not image:
        return ""
    return format_html('<img src="{}" alt="" height="{}">', image.url, height)
