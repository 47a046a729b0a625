from django.apps import AppConfig
from django.urls import register_converter

from rest.converters import UsernameConverter


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        register_converter(UsernameConverter, "username")
