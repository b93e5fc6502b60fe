"""Boards as they were shown."""

from django.db import models

from tiltyard.site.models.challenges import Challenge, ChallengeVersion


class BoardSnapshot(models.Model):
    """A board at a refresh: what is shown until the next one, and the history after it."""

    class Kind(models.TextChoices):
        PUBLIC = "public"
        PRIVATE = "private"

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="boards")
    version = models.ForeignKey(ChallengeVersion, models.CASCADE, related_name="boards")
    """The first of its edition, whose scores it ranks: after a rescoring old and new boards stand side by side."""
    phase = models.CharField(max_length=50)
    contest = models.CharField(max_length=50)
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    """The refresh instant that it is of."""
    lines = models.JSONField()
    """`contest.standings.Line`s, dumped; teams by their number."""
    counted = models.PositiveIntegerField(default=0)
    """Of how many finished evaluations it knows: others may have been committed a moment after it was taken."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["challenge", "version", "phase", "contest", "kind", "at"], name="one_board_of_a_moment"
            )
        ]
