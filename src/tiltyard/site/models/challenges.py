"""Challenges and the versions of their files."""

from functools import cached_property

from django.db import models

from tiltyard.contest import challenge as files
from tiltyard.site.clock import now
from tiltyard.site.models.people import User


class Challenge(models.Model):
    """An event, known by the name in its address."""

    class State(models.TextChoices):
        DRAFT = "draft"
        """Only its organisers see it."""
        OPEN = "open"
        PAUSED = "paused"
        """Visible; entries are not taken, waiting ones not evaluated."""

    slug = models.SlugField(max_length=50, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    organisers = models.ManyToManyField(User, related_name="challenges")
    made = models.DateTimeField(default=now)
    awards_checked = models.DateTimeField(null=True, blank=True)
    """When it was last seen to who has won what."""

    def __str__(self) -> str:
        return self.slug

    @cached_property
    def version(self) -> "ChallengeVersion":
        """The one in force: the newest."""
        return self.versions.order_by("-number")[0]

    @property
    def file(self) -> files.Challenge:
        return self.version.file


class ChallengeVersion(models.Model):
    """A challenge's file and data as they were from a moment on; never changed."""

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    """`contest.challenge.Challenge`, dumped."""
    manifest = models.JSONField(default=dict)
    """Path below the challenge's folder → SHA-256 of a stored file."""
    editions = models.JSONField(default=dict)
    """Contest → number of the version since which its scores are comparable with those of this one."""
    note = models.CharField(max_length=400, blank=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["challenge", "number"], name="one_version_of_a_number")]

    @cached_property
    def file(self) -> files.Challenge:
        return files.Challenge.model_validate(self.content)

    def edition(self, contest: str) -> int:
        """The number of the first version whose scores of the contest are comparable with this one's."""
        return int(self.editions.get(contest, 1))
