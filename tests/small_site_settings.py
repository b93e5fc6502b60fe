"""The site's settings for tests: a data folder of their own, and passwords that are quickly hashed.

Processes that share the tests inherit the folder of the one that began; each takes a part of it for itself.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "TILTYARD_SITE" not in os.environ:
    os.environ["TILTYARD_SITE"] = tempfile.mkdtemp(prefix="tiltyard-site-")
    atexit.register(shutil.rmtree, os.environ["TILTYARD_SITE"], ignore_errors=True)
elif os.environ.get("PYTEST_XDIST_WORKER", "") not in ("", Path(os.environ["TILTYARD_SITE"]).name):
    os.environ["TILTYARD_SITE"] = str(Path(os.environ["TILTYARD_SITE"], os.environ["PYTEST_XDIST_WORKER"]))

from tiltyard.site.settings import *  # noqa: F403
from tiltyard.site.settings import DATABASES, PLACES

PLACES.make()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True  # each client would scan all static files otherwise
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(PLACES.folder / "tests.sqlite3")}  # in memory, threads share a lock
