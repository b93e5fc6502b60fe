"""What teams hand in."""

from django.db import models

from tiltyard.site.clock import now
from tiltyard.site.models.challenges import Challenge
from tiltyard.site.models.people import Team, User


class StoredFile(models.Model):
    """A file that lies in the store under its SHA-256."""

    digest = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    at = models.DateTimeField(default=now)


class Entry(models.Model):
    """One hand-in of a team to a contest in a phase."""

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="entries")
    phase = models.CharField(max_length=50)
    contest = models.CharField(max_length=50)
    team = models.ForeignKey(Team, models.PROTECT, related_name="entries")
    user = models.ForeignKey(User, models.PROTECT, related_name="entries")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="entries")
    file_name = models.CharField(max_length=200)
    note = models.CharField(max_length=400, blank=True)
    """The team's own words about it."""
    at = models.DateTimeField(default=now, db_index=True)
    evaluation = models.ForeignKey("Evaluation", models.SET_NULL, null=True, blank=True, related_name="+")
    """The one that counts: the newest that was not superseded."""
    charged = models.BooleanField(default=True)
    """Whether it counts against the quota: quota is nothing but a count of these rows."""
    uncharged_because = models.CharField(max_length=400, blank=True)
    disqualified = models.CharField(max_length=400, blank=True)
    """Why; empty: it is not."""
    outside = models.BooleanField(default=False)
    """Made by an organiser from a team's material: on no board, in no quota, and no team sees it."""

    class Meta:
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["challenge", "phase", "contest", "team"])]
