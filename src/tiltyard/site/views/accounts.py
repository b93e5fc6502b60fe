"""Pages of accounts: signing up, in and out, the profile, the organiser's first link, a forgotten password."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tiltyard.site import accounts, audit, limits
from tiltyard.site.codes import digest
from tiltyard.site.forms import LogIn, Profile, SignUp
from tiltyard.site.models import User
from tiltyard.site.refused import Refused, TooOften
from tiltyard.site.views.frame import signed_in
from tiltyard.site.views.going import A_YEAR, back, posted

BACKEND = "django.contrib.auth.backends.ModelBackend"
RESETS, IN_SECONDS = 5, 3600.0


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """A new account, logged in at once."""
    form = SignUp(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            accounts.check_sign_ups(request)
            _log_in(request, accounts.sign_up(**form.cleaned_data))
            return redirect(back(request))
        except Refused as refusal:
            return _again(request, "accounts/sign_up.html", form, refusal)
    return render(request, "accounts/sign_up.html", {"form": form, "next": back(request, "")}, status=_status(form))


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """By e-mail address and password."""
    form = LogIn(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            user = accounts.signed_in(request, **form.cleaned_data)
        except Refused as refusal:
            return _again(request, "accounts/login.html", form, refusal)
        _log_in(request, user)
        return _in_language(redirect(back(request)), user)
    return render(request, "accounts/login.html", _ways_in(request) | {"form": form}, status=_status(form))


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    logout(request)
    return redirect("home")


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, zone, language; and the API token, which is shown when it is made and never again."""
    user = signed_in(request)
    if "api" in request.POST:
        shown = {"form": Profile(instance=user), "token": _token(request, user)}
        return render(request, "accounts/profile.html", _ways_in(request) | shown)
    form = Profile(posted(request), instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."), "good")
        response = redirect("profile")
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return _in_language(response, user)
    return render(request, "accounts/profile.html", _ways_in(request) | {"form": form}, status=_status(form))


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def claim(request: HttpRequest, code: str) -> HttpResponse:
    """Makes whoever opens the link first an organiser: the person logged in, or a new account."""
    if not accounts.is_claimable(code):
        return render(request, "accounts/claim_used.html", status=410)
    known = request.user.is_authenticated
    form = None if known else SignUp(posted(request))
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            user = signed_in(request) if form is None else accounts.sign_up(**form.cleaned_data)
            accounts.claim(code, user, address=audit.address_of(request))
        except Refused as refusal:
            return _again(request, "accounts/claim.html", form, refusal)
        if not known:
            _log_in(request, user)
        return redirect("organise")
    return render(request, "accounts/claim.html", {"form": form}, status=_status(form))


class ChangePassword(auth.PasswordChangeView):
    """Of whoever is logged in; the API token goes with the old password."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("profile")

    def form_valid(self, form: Any) -> HttpResponse:
        accounts.drop_token(form.user)
        messages.success(self.request, _("The password was changed."), "good")
        return super().form_valid(form)


class ForgotPassword(auth.PasswordResetView):
    """Sends a link to the address, if there is such an account; the answer does not tell. Only where mail is sent."""

    template_name = "accounts/forgot.html"
    email_template_name = "accounts/forgot_mail.txt"
    subject_template_name = "accounts/forgot_subject.txt"
    success_url = reverse_lazy("forgot-sent")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not settings.EMAIL_HOST:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            limits.check(f"reset-from:{limits.network_of(self.request)}", RESETS * 4, IN_SECONDS)
            limits.check(f"reset:{digest(form.cleaned_data['email'].lower())}", RESETS, IN_SECONDS)
        except TooOften as refusal:
            return _again(self.request, self.template_name, form, refusal)
        self.extra_email_context = {"address": settings.ADDRESS}
        return super().form_valid(form)


class ForgotSent(auth.PasswordResetDoneView):
    """Says that a mail is on its way."""

    template_name = "accounts/forgot_sent.html"


class NewPassword(auth.PasswordResetConfirmView):
    """Where the mailed link leads; the API token goes with the old password."""

    template_name = "accounts/new_password.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        accounts.drop_token(form.user)
        messages.success(self.request, _("The password was changed. Log in with it."), "good")
        return super().form_valid(form)


def _log_in(request: HttpRequest, user: User) -> None:
    login(request, user, backend=BACKEND)


def _token(request: HttpRequest, user: User) -> str:
    if request.POST["api"] == "drop":
        accounts.drop_token(user)
        return ""
    return accounts.new_token(user)


def _in_language(response: HttpResponse, user: User) -> HttpResponse:
    """The language of the account, as the cookie that Django reads."""
    if user.language in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, max_age=A_YEAR, samesite="Lax")
    return response


def _ways_in(request: HttpRequest) -> dict[str, Any]:
    provider = reverse("openid_connect_login", args=[settings.OIDC["provider_id"]]) if settings.OIDC else ""
    return {
        "next": back(request, ""),
        "mails": bool(settings.EMAIL_HOST),
        "provider": provider,
        "provider_name": settings.OIDC.get("name", ""),
    }


def _status(form: Any) -> int:
    return 422 if form is not None and form.is_bound and form.errors else 200


def _again(request: HttpRequest, template: str, form: Any, refusal: Refused) -> HttpResponse:
    """The form once more with what was wrong; 429 where it came too often."""
    if form is not None:
        form.add_error(None, str(refusal))
    often = isinstance(refusal, TooOften)
    context = _ways_in(request) | {"form": form, "refused": str(refusal)}
    response = render(request, template, context, status=429 if often else 422)
    if isinstance(refusal, TooOften):
        response.headers["Retry-After"] = str(refusal.seconds)
    return response
