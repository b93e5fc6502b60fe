"""Django's settings of a worker: those of the site, without what pages alone need, so that it starts at once."""

from tiltyard.site.settings import *  # noqa: F403
from tiltyard.site.settings import INSTALLED_APPS as ALL_APPS

QUICKER = {"django.contrib.admin": "django.contrib.admin.apps.SimpleAdminConfig"}
"""The admin without its search for what to show."""
PAGES_ALONE = ("django_htmx", "ninja")
INSTALLED_APPS = [QUICKER.get(app, app) for app in ALL_APPS if app not in PAGES_ALONE]
