"""Changing a password, and setting one that was forgotten anew by a mailed link."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from tiltyard.site.auditing.addresses import network_of
from tiltyard.site.people import accounts, limits
from tiltyard.site.people.codes import digest
from tiltyard.site.refused import TooOften
from tiltyard.site.views.accounts.answers import again

RESETS, IN_SECONDS = 5, 3600.0


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
            limits.check(f"reset-from:{network_of(self.request)}", RESETS * 4, IN_SECONDS)
            limits.check(f"reset:{digest(form.cleaned_data['email'].lower())}", RESETS, IN_SECONDS)
        except TooOften as refusal:
            return again(self.request, self.template_name, form, refusal)
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
