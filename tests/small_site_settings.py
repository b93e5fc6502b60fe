"""The site's settings for tests: a data folder of their own, and passwords that are quickly hashed."""

import atexit
import os
import shutil
import tempfile

if "TILTYARD_SITE" not in os.environ:
    os.environ["TILTYARD_SITE"] = tempfile.mkdtemp(prefix="tiltyard-site-")
    atexit.register(shutil.rmtree, os.environ["TILTYARD_SITE"], ignore_errors=True)

from tiltyard.site.settings import *  # noqa: F403
from tiltyard.site.settings import DATABASES, PLACES

PLACES.make()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True  # each client would scan all static files otherwise
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(PLACES.folder / "tests.sqlite3")}  # in memory, threads share a lock
