"""Whose an e-mail address is: who has the code that was sent there. The site signs codes and keeps none."""

from datetime import datetime

from django.core import signing
from django.utils.translation import gettext as _

from tiltyard.site.clock import now
from tiltyard.site.models import User
from tiltyard.site.people.codes import OPEN_FOR
from tiltyard.site.refused import Refused

SALT = "tiltyard.site.people.verifying"


def code_of(address: str) -> str:
    """A code, fit for an address of the site, that shows for a while that the e-mail address is its reader's."""
    return signing.dumps([User.objects.normalise(address), now().isoformat()], salt=SALT)


def address_of(code: str) -> str:
    """The e-mail address to which the code was sent; Refused where it is not the site's own, or too old."""
    try:
        address, made = signing.loads(code, salt=SALT)
    except signing.BadSignature:
        raise Refused(_("This link is damaged. Open it as it stands in the mail, or sign up again.")) from None
    if now() - datetime.fromisoformat(made) > OPEN_FOR:
        raise Refused(_("This link is too old. Sign up again."))
    return str(address)
