"""The site's addresses."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, register_converter

from tiltyard.site.views.rows import Row

register_converter(Row, "row")
urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("language/", include("django.conf.urls.i18n")),
    path("api/", include("tiltyard.site.api.people_urls")),
    path("api/", include("tiltyard.site.api.machines_urls")),
    path("", include("tiltyard.site.views.organisers_urls")),
    path("", include("tiltyard.site.views.participants_urls")),
]
if settings.OIDC:
    from tiltyard.site.views.accounts import provider

    urlpatterns += [
        path("oidc/oidc/<str:provider_id>/login/", provider.log_in),
        path("oidc/oidc/<str:provider_id>/login/callback/", provider.come_back),
        path("oidc/", include("allauth.urls")),
    ]
