"""Accounts: signing up and in, API tokens, and the link that makes the first organiser."""

from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tiltyard.site.auditing import audit
from tiltyard.site.auditing.addresses import network_of
from tiltyard.site.models import OneTimeLink, User
from tiltyard.site.people import limits
from tiltyard.site.people.codes import digest, new_code
from tiltyard.site.refused import Refused

MARK = "tilt_"
"""How a token begins, so that people and scanners know it for one."""
QUARTER = 900.0
TRIES_FROM_ONE_NETWORK, TRIES_OF_AN_ACCOUNT, TRIES_OF_A_NETWORK, SIGN_UPS_OF_A_NETWORK = 8, 40, 40, 20
"""In a quarter of an hour; the first for one account from one network, so that others do not lock its owner out."""


def sign_up(email: str, name: str, password: str) -> User:
    """A new account; Refused where the address has one."""
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name)
    except IntegrityError:
        raise Refused(_("There is an account with this e-mail address. Log in instead.")) from None


def has_account(email: str) -> bool:
    """Whether the address has one."""
    return User.objects.filter(email=User.objects.normalise(email)).exists()


def with_password(email: str) -> User | None:
    """Who logs in by this address and a password."""
    user = User.objects.filter(email=User.objects.normalise(email), is_active=True).first()
    return user if user and user.has_usable_password() else None


def signed_in(request: HttpRequest, email: str, password: str) -> User:
    """The person whose address and password these are; Refused without telling which was wrong, or TooOften."""
    address, network = User.objects.normalise(email), network_of(request)
    account, from_here = f"login:{digest(address)}", f"login:{digest(f'{address} {network}')}"
    limits.check(f"login-from:{network}", TRIES_OF_A_NETWORK, QUARTER)
    limits.check(from_here, TRIES_FROM_ONE_NETWORK, QUARTER)
    limits.check(account, TRIES_OF_AN_ACCOUNT, QUARTER)
    user = authenticate(request, username=address, password=password)
    if not isinstance(user, User):
        raise Refused(_("E-mail address or password is wrong."))
    limits.forget(from_here)
    limits.forget(account)
    return user


def check_sign_ups(request: HttpRequest) -> None:
    """TooOften where too many accounts were made from one network."""
    limits.check(f"sign-up:{network_of(request)}", SIGN_UPS_OF_A_NETWORK, QUARTER)


def new_token(user: User) -> str:
    """A new API token in place of the old one; kept as a digest, so it can be shown this once alone."""
    token = MARK + new_code()
    user.token_digest = digest(token)
    user.save(update_fields=["token_digest"])
    return token


def drop_token(user: User) -> None:
    """The person's token is worth nothing from now on."""
    user.token_digest = ""
    user.save(update_fields=["token_digest"])


def user_of_token(token: str) -> User | None:
    """Whose API token it is."""
    if not token.startswith(MARK):
        return None
    return User.objects.filter(token_digest=digest(token), is_active=True).first()


def has_token(user: User) -> bool:
    """Whether the person still has the token that was shown: a file takes a while, and the token may be dropped."""
    return User.objects.filter(pk=user.pk, token_digest=user.token_digest, is_active=True).exists()


def is_claimable(code: str) -> bool:
    """Whether the link was made here and not yet used."""
    return OneTimeLink.objects.filter(code_digest=digest(code), used_by=None).exists()


def claim(code: str, user: User, *, address: str | None = None) -> None:
    """Makes the person the site's organiser and administrator; a link does so once. Refused where it is used up."""
    with transaction.atomic():
        link = OneTimeLink.objects.filter(code_digest=digest(code), used_by=None)
        if not link.update(used_by=user):
            raise Refused(_("This link was used, or a newer one replaced it. Start the site again for a new one."))
        user.is_organiser = user.is_staff = user.is_superuser = True
        user.save(update_fields=["is_organiser", "is_staff", "is_superuser"])
        audit.record(user, "claim", target=user.email, address=address)
