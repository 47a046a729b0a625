from django.apps import AppConfig
from django.urls import register_converter

from rest.converters import UsernameConverter


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"  # "Accounts" is what allauth calls its e-mail addresses

    def ready(self) -> None:
        register_converter(UsernameConverter, "username")
