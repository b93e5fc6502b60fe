"""The site's tables, a file a subject."""

from tiltyard.site.models.awards import Award, Reproduction
from tiltyard.site.models.boards import BoardSnapshot
from tiltyard.site.models.challenges import Challenge, ChallengeVersion
from tiltyard.site.models.entries import Entry, StoredFile
from tiltyard.site.models.evaluations import Attempt, Evaluation, Job, Worker
from tiltyard.site.models.people import (
    Invitation,
    Membership,
    OneTimeLink,
    OrganiserInvitation,
    Registration,
    Team,
    User,
)
from tiltyard.site.models.records import AppendOnly, AuditEvent, Knock, Letter, Message

__all__ = [
    "AppendOnly", "Attempt", "AuditEvent", "Award", "BoardSnapshot", "Challenge", "ChallengeVersion", "Entry",
    "Evaluation", "Invitation", "Job", "Knock", "Letter", "Membership", "Message", "OneTimeLink",
    "OrganiserInvitation", "Registration", "Reproduction", "StoredFile", "Team", "User", "Worker",
]  # fmt: skip
