"""What teams have won, and what they were asked for."""

from django.db import models

from tiltyard.site.clock import now
from tiltyard.site.models.challenges import Challenge
from tiltyard.site.models.entries import Entry, StoredFile
from tiltyard.site.models.people import Team


class Award(models.Model):
    """A team has won an award of the challenge's file."""

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="awards")
    team = models.ForeignKey(Team, models.CASCADE, related_name="awards")
    name = models.CharField(max_length=50)
    place = models.PositiveIntegerField(null=True, blank=True)
    """None: the award is no race."""
    period_start = models.DateTimeField(null=True, blank=True)
    """None: an award that is won once a team."""
    at = models.DateTimeField(default=now)
    withdrawn = models.CharField(max_length=400, blank=True)
    """Why; empty: it stands. The row stays, so that the award is not given anew."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["challenge", "team", "name", "period_start"], name="one_award_a_period"),
            models.UniqueConstraint(
                fields=["challenge", "team", "name"],
                condition=models.Q(period_start__isnull=True),
                name="one_award_without_period",
            ),
        ]


class Reproduction(models.Model):
    """One of the first teams is asked for material by which its entry can be made again."""

    class Verdict(models.TextChoices):
        ASKED = "asked"
        RECEIVED = "received"
        REPRODUCED = "reproduced"
        NOT_REPRODUCED = "not"

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="reproductions")
    entry = models.OneToOneField(Entry, models.CASCADE, related_name="reproduction")
    place = models.PositiveIntegerField()
    asked = models.DateTimeField(default=now)
    deadline = models.DateTimeField()
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    file_name = models.CharField(max_length=200, blank=True)
    received = models.DateTimeField(null=True, blank=True)
    rerun = models.ForeignKey(Entry, models.SET_NULL, null=True, blank=True, related_name="+")
    """What the organiser made with the material, handed in outside the board."""
    verdict = models.CharField(max_length=15, choices=Verdict, default=Verdict.ASKED)
    note = models.CharField(max_length=400, blank=True)
    write_up = models.TextField(blank=True, max_length=20_000)
    """Markdown, shown when the team is named."""
