"""Signing up: at once, or, where the site sends mail, by a link to the address, which shows whose it is."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tiltyard.site.auditing.addresses import address_of
from tiltyard.site.models import User
from tiltyard.site.people import accounts, limits, verifying
from tiltyard.site.people.codes import digest
from tiltyard.site.refused import Refused
from tiltyard.site.telling.mailing import send
from tiltyard.site.views.accounts.answers import again, enter, status_of
from tiltyard.site.views.forms import Address, SignUp
from tiltyard.site.views.frame import signed_in
from tiltyard.site.views.going import back, posted

MAILS, IN_SECONDS = 5, 3600.0
Check = Callable[[HttpRequest], None]


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """A new account, logged in at once; where mail is sent, a link to one."""
    if settings.EMAIL_HOST:
        return _mail_link(request)
    return _new_account(request, SignUp(posted(request)), check=accounts.check_sign_ups)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_up_here(request: HttpRequest, code: str) -> HttpResponse:
    """Where the mailed link leads: an account of the address that it went to."""
    try:
        address = verifying.address_of(code)
    except Refused as refusal:
        return render(request, "accounts/sign_up_refused.html", {"refused": str(refusal)}, status=410)
    form = SignUp(posted(request), initial={"email": address})
    form.fields["email"].disabled = True
    return _new_account(request, form)


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
            accounts.claim(code, user, address=address_of(request))
        except Refused as refusal:
            return again(request, "accounts/claim.html", form, refusal)
        if not known:
            enter(request, user)
        return redirect("organise")
    return render(request, "accounts/claim.html", {"form": form}, status=status_of(form))


def _mail_link(request: HttpRequest) -> HttpResponse:
    """The answer is the same whether there is such an account or not: the mail alone tells."""
    form, template = Address(posted(request)), "accounts/sign_up.html"
    if request.method == "POST" and form.is_valid():
        address = User.objects.normalise(form.cleaned_data["email"])
        try:
            accounts.check_sign_ups(request)
            limits.check(f"sign-up-mail:{digest(address)}", MAILS, IN_SECONDS)
            _send_link(address, back(request, ""))
        except Refused as refusal:
            return again(request, template, form, refusal)
        return render(request, "accounts/sign_up_sent.html", {"address": address})
    return render(request, template, {"form": form, "next": back(request, "")}, status=status_of(form))


def _send_link(address: str, goes_on: str) -> None:
    """Refused where the mail could not be sent, which depends on the address alone."""
    if send(_("Tiltyard: your account"), _letter(address, goes_on), [address]):
        raise Refused(_("The mail could not be sent. Look at the address, or try again later."))


def _letter(address: str, goes_on: str) -> str:
    asked = _("Somebody, most likely you, asked for an account with this address.")
    if accounts.has_account(address):
        told, page = _("You have one. Log in here:"), reverse("login")
    else:
        told = _("Make it here, within seven days:")
        page = reverse("sign-up-here", args=[verifying.code_of(address)])
    query = f"?{urlencode({'next': goes_on})}" if goes_on else ""
    unasked = _("If it was not you, nothing needs to be done.")
    return f"{asked} {told}\n\n{settings.ADDRESS}{page}{query}\n\n{unasked}\n"


def _new_account(request: HttpRequest, form: SignUp, *, check: Check = lambda request: None) -> HttpResponse:
    """`check` refuses a network that makes too many; a mailed link was counted when it was asked for."""
    if request.method == "POST" and form.is_valid():
        try:
            check(request)
            enter(request, accounts.sign_up(**form.cleaned_data))
            return redirect(back(request))
        except Refused as refusal:
            return again(request, "accounts/sign_up.html", form, refusal)
    return render(request, "accounts/sign_up.html", {"form": form, "next": back(request, "")}, status=status_of(form))
