"""What was done and said: the audit log, messages, and counts that limit rates."""

from typing import Any, NoReturn

from django.db import models

from tiltyard.site.clock import now
from tiltyard.site.models.challenges import Challenge
from tiltyard.site.models.people import Team, User


class AppendOnly(Exception):
    """Somebody tried to change or delete what is only added to."""


class Untouchable(models.QuerySet["AuditEvent"]):
    """Refuses what would change rows; the database's triggers refuse it too."""

    def update(self, **fields: Any) -> NoReturn:
        raise AppendOnly("audit events are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnly("audit events are never deleted")


class AuditEvent(models.Model):
    """One action of an organiser, of a team's captain or of the site itself; only added, never changed."""

    at = models.DateTimeField(default=now, db_index=True)
    actor = models.CharField(max_length=200)
    """E-mail address, or `site`."""
    challenge = models.CharField(max_length=50, blank=True, db_index=True)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True, blank=True)

    objects = Untouchable.as_manager()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnly("audit events are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("audit events are never deleted")


class Message(models.Model):
    """From the organisers to one team, or to all."""

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="messages")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="messages")
    """None: to all."""
    sender = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    subject = models.CharField(max_length=200)
    body = models.TextField(max_length=10_000)
    at = models.DateTimeField(default=now)


class Letter(models.Model):
    """A message that is to be mailed to one person; gone once it was."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="letters")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    tries = models.PositiveIntegerField(default=0)
    """How often the mail server has failed at it, or refused it for now: others go first."""
    begun = models.PositiveSmallIntegerField(default=0)
    """How often it was being sent and no end was written down: nobody knows whether it went."""
    lost = models.BooleanField(default=False, db_index=True)
    """Whether it could not be sent, or nobody knows whether it was; it is not tried any more."""


class Knock(models.Model):
    """One try at something whose rate is limited."""

    key = models.CharField(max_length=200, db_index=True)
    at = models.DateTimeField(default=now, db_index=True)
