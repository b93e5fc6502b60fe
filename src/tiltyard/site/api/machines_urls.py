"""Addresses for workers."""

from django.urls import URLPattern, URLResolver, re_path

from tiltyard.site.api.machines import file

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^files/(?P<digest>[0-9a-f]{64})$", file, name="worker-file"),
]
