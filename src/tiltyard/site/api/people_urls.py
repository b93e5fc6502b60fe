"""Addresses for programs of people."""

from django.urls import URLPattern, URLResolver, path

from tiltyard.site.api.people import api

urlpatterns: list[URLPattern | URLResolver] = [path("", api.urls)]
