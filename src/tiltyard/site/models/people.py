"""Users, teams, memberships, invitations, and who takes part in what."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from tiltyard.site.clock import now


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address, in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalise(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, is_organiser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalise(username or ""))

    @staticmethod
    def normalise(email: str) -> str:
        return email.strip().lower()


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody with an account."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    zone = models.CharField(_("time zone"), max_length=60, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_organiser = models.BooleanField(_("may open challenges"), default=False)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    joined = models.DateTimeField(default=now)
    token_digest = models.CharField(max_length=64, blank=True, db_index=True)
    """SHA-256 of the person's API token; empty: none."""

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name


class Registration(models.Model):
    """Somebody takes part in a challenge and has accepted its terms."""

    challenge = models.ForeignKey("Challenge", models.CASCADE, related_name="registrations")
    user = models.ForeignKey(User, models.CASCADE, related_name="registrations")
    terms_digest = models.CharField(max_length=64)
    """SHA-256 of the terms as they were accepted: changed ones are asked for anew."""
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["challenge", "user"], name="one_registration")]


class Team(models.Model):
    """One to n people of a challenge."""

    challenge = models.ForeignKey("Challenge", models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=60)
    captain = models.ForeignKey(User, models.PROTECT, related_name="captain_of")
    made = models.DateTimeField(default=now)
    disqualified = models.CharField(max_length=400, blank=True)
    """Why; empty: it is not."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["challenge", "name"], name="one_team_of_a_name")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Somebody is in a team: in one a challenge."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    challenge = models.ForeignKey("Challenge", models.CASCADE, related_name="memberships")
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["challenge", "user"], name="one_team_a_person")]


class Invitation(models.Model):
    """A link that lets one person into a team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    code_digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    made = models.DateTimeField(default=now)
    used_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn = models.BooleanField(default=False)


class OrganiserInvitation(models.Model):
    """A link that makes one person co-organiser of a challenge."""

    challenge = models.ForeignKey("Challenge", models.CASCADE, related_name="organiser_invitations")
    code_digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    made = models.DateTimeField(default=now)
    used_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    used = models.DateTimeField(null=True, blank=True)
    withdrawn = models.BooleanField(default=False)


class OneTimeLink(models.Model):
    """A link that makes whoever opens it first an organiser."""

    code_digest = models.CharField(max_length=64, unique=True)
    made = models.DateTimeField(default=now)
    used_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
