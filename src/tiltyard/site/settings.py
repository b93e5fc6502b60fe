"""Django's settings, read from the environment that `tiltyard serve` gives its processes."""

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from tiltyard.site import hosts
from tiltyard.site.people import oidc
from tiltyard.site.places import DATABASE, database_settings, places

HERE = Path(__file__).parent
PLACES = places()
SECRET_KEY = PLACES.secret()
DEBUG = False
ADDRESS = os.environ.get("TILTYARD_ADDRESS", "http://127.0.0.1:8000")
"""How people reach the site: links in mails, cookies over TLS alone, trusted origins."""
SECURE = ADDRESS.startswith("https://")
ALLOWED_HOSTS = hosts.allowed(ADDRESS, os.environ.get("TILTYARD_HOSTS", ""))
CSRF_TRUSTED_ORIGINS = [ADDRESS]
OIDC = oidc.provider(os.environ.get("TILTYARD_OIDC", ""))
"""One OpenID Connect provider, as allauth takes it; empty: none."""

INSTALLED_APPS = [
    "tiltyard.site",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "ninja",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "tiltyard.site.arriving.crowding.FewTransfers",
    "tiltyard.site.arriving.uploads.BoundedForms",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tiltyard.site.arriving.viewers.AskedOnceHere",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tiltyard.site.middleware.ViewersZone",
    "tiltyard.site.middleware.ContentPolicy",
]
ROOT_URLCONF = "tiltyard.site.urls"
WSGI_APPLICATION = "tiltyard.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DATABASES = {"default": database_settings(os.environ.get(DATABASE, ""), PLACES)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "tiltyard.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
if OIDC:
    INSTALLED_APPS += oidc.APPS
    MIDDLEWARE += oidc.MIDDLEWARE
    AUTHENTICATION_BACKENDS = oidc.BACKENDS
    SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [OIDC], "OAUTH_PKCE_ENABLED": True}}
    SOCIALACCOUNT_ADAPTER = "tiltyard.site.people.oidc_adapter.Adapter"
    SOCIALACCOUNT_ONLY = SOCIALACCOUNT_AUTO_SIGNUP = True
    ACCOUNT_USER_MODEL_USERNAME_FIELD = None
    ACCOUNT_LOGIN_METHODS, ACCOUNT_SIGNUP_FIELDS, ACCOUNT_EMAIL_VERIFICATION = {"email"}, ["email*"], "none"
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "login", "home", "home"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": PLACES.uploads}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
FILE_UPLOAD_TEMP_DIR = PLACES.uploads
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 << 20

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
X_FRAME_OPTIONS = "DENY"

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("TILTYARD_SMTP_HOST")
    else "tiltyard.site.telling.undelivered.Undelivered"
)
EMAIL_HOST = os.environ.get("TILTYARD_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("TILTYARD_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("TILTYARD_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("TILTYARD_SMTP_PASSWORD", "")
EMAIL_TIMEOUT = 20
"""Seconds: a mail server that does not answer must not hold up what else is due."""
EMAIL_USE_TLS = os.environ.get("TILTYARD_SMTP_TLS", "1") == "1"
DEFAULT_FROM_EMAIL = os.environ.get("TILTYARD_MAIL_FROM", "tiltyard@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "tiltyard.site.logs.WithoutCodes", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # Django warns of every refused request with its path
    "loggers": {"tiltyard": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
