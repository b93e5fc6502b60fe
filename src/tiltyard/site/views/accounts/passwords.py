"""Changing a password, and setting one that was forgotten anew by a mailed link."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.tokens import default_token_generator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from tiltyard.site.auditing.addresses import network_of
from tiltyard.site.models import User
from tiltyard.site.people import accounts, limits
from tiltyard.site.people.codes import digest
from tiltyard.site.refused import TooOften
from tiltyard.site.telling.mailing import send
from tiltyard.site.views.accounts.answers import again

RESETS, IN_SECONDS = 5, 3600.0


class SetAnew(SetPasswordForm):  # type: ignore[type-arg]
    """Writes the password and drops the token; the rest of the account is not touched."""

    def save(self, commit: bool = True) -> Any:
        self.user.set_password(self.cleaned_data["new_password1"])
        self.user.token_digest = ""
        self.user.save(update_fields=["password", "token_digest"])
        return self.user


class Changed(SetAnew, PasswordChangeForm):
    """The same, for whoever knows the old one."""


class ChangePassword(auth.PasswordChangeView):
    """Of whoever is logged in; the API token goes with the old password."""

    template_name = "accounts/password.html"
    form_class = Changed
    success_url = reverse_lazy("profile")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("The password was changed."), "good")
        return super().form_valid(form)


class ForgotPassword(auth.PasswordResetView):
    """Mails the address a link, or that there is no such account: the mail alone tells. Only where mail is sent.

    A stranger learns it neither from the answer nor from its time: for every address there is one question and one
    mail, and whether that could be sent is left to the log.
    """

    template_name = "accounts/forgot.html"
    success_url = reverse_lazy("forgot-sent")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not settings.EMAIL_HOST:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        address = User.objects.normalise(form.cleaned_data["email"])
        try:
            limits.check(f"reset-from:{network_of(self.request)}", RESETS * 4, IN_SECONDS)
            limits.check(f"reset:{digest(address)}", RESETS, IN_SECONDS)
        except TooOften as refusal:
            return again(self.request, self.template_name, form, refusal)
        send(_("Tiltyard: new password"), _letter(accounts.with_password(address)), [address])
        return redirect(self.success_url)


class ForgotSent(auth.PasswordResetDoneView):
    """Says what the mail will hold, and not that it was sent."""

    template_name = "accounts/forgot_sent.html"


class NewPassword(auth.PasswordResetConfirmView):
    """Where the mailed link leads; the API token goes with the old password."""

    template_name = "accounts/new_password.html"
    form_class = SetAnew
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("The password was changed. Log in with it."), "good")
        return super().form_valid(form)


def _letter(user: User | None) -> str:
    page = _page_of(user or User())  # reckoned for nobody, too: it takes time
    if user is None:
        told = _(
            "Somebody, most likely you, asked for a new password. No account with this address has one. "
            "Log in or sign up here:"
        )
        page = reverse("login")
    else:
        told = _("Somebody, most likely you, asked for a new password. Set it here:")
    unasked = _("If it was not you, nothing needs to be done.")
    return f"{told}\n\n{settings.ADDRESS}{page}\n\n{unasked}\n"


def _page_of(user: User) -> str:
    code = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("new-password", args=[code, default_token_generator.make_token(user)])
