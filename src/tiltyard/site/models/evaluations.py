"""Evaluations, the jobs they consist of, attempts at them, and the workers that make these."""

from django.db import models

from tiltyard.site.clock import now
from tiltyard.site.models.challenges import ChallengeVersion
from tiltyard.site.models.entries import Entry


class Evaluation(models.Model):
    """An entry × a version of track and data → rows, score, evidence. A rerun is a new row."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        SCORED = "scored"
        FAILED = "failed"
        """By the rules: charged."""
        BROKEN = "broken"
        """By a fault of ours (infrastructure failure): never charged."""
        CANCELLED = "cancelled"
        """By an organiser."""

    PENDING = (State.WAITING, State.RUNNING)
    FINAL = (State.SCORED, State.FAILED, State.BROKEN, State.CANCELLED)

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="evaluations")
    version = models.ForeignKey(ChallengeVersion, models.PROTECT, related_name="evaluations")
    number = models.PositiveIntegerField()
    cause = models.CharField(max_length=400, blank=True)
    """Why it was begun: empty for the first one."""
    basis = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="rescored")
    """The evaluation whose rows are scored again; None: everything is measured."""
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, db_index=True)
    reason = models.CharField(max_length=1000, blank=True)
    """What a participant can act on."""
    seed = models.BigIntegerField(default=0)
    track_version = models.CharField(max_length=40, blank=True)
    data_version = models.CharField(max_length=64, blank=True)
    values = models.JSONField(default=dict)
    intervals = models.JSONField(default=dict)
    public_values = models.JSONField(default=dict)
    public_intervals = models.JSONField(default=dict)
    parts = models.JSONField(default=list)
    files = models.JSONField(default=dict)
    """The evaluation folder: path → SHA-256 of a stored file."""
    made = models.DateTimeField(default=now)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="one_evaluation_of_a_number")]

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL


class Worker(models.Model):
    """A process that takes jobs."""

    name = models.CharField(max_length=120, unique=True)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    started = models.DateTimeField(default=now)
    seen = models.DateTimeField(default=now)
    jail = models.BooleanField(default=False)
    jail_says = models.CharField(max_length=400, blank=True)
    ended = models.DateTimeField(null=True, blank=True)


class Job(models.Model):
    """What a worker leases: to plan an evaluation, to measure one shard of it, or to score it."""

    class Kind(models.TextChoices):
        PLAN = "plan"
        MEASURE = "measure"
        FINISH = "finish"

    class State(models.TextChoices):
        WAITING = "waiting"
        LEASED = "leased"
        DONE = "done"
        BROKEN = "broken"
        DROPPED = "dropped"
        """Not needed any more: cancelled, or the entry failed before it."""

    evaluation = models.ForeignKey(Evaluation, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=10, choices=Kind)
    shard = models.CharField(max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0)
    items = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(null=True, blank=True)
    """Wall time that the rules leave for the shard."""
    needs_jail = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    """The fence: a worker's write counts only while this is the number it was given."""
    worker = models.ForeignKey(Worker, models.SET_NULL, null=True, blank=True, related_name="jobs")
    lease_until = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField()
    """By when a waiting job must be taken, and a leased one be done."""
    done_items = models.PositiveIntegerField(default=0)
    spent = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    """rows, facts, artefacts: SHA-256 of stored files."""
    made = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["state", "evaluation", "position"])]
        constraints = [models.UniqueConstraint(fields=["evaluation", "kind", "shard"], name="one_job_of_a_shard")]


class Attempt(models.Model):
    """One worker's try at a job."""

    class Outcome(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        ERROR = "error"
        LOST = "lost"
        """The lease ran out: the worker died or hung."""
        RETURNED = "returned"
        """Given back unfinished by a worker that ended or has no jail: costs nothing."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    worker = models.ForeignKey(Worker, models.SET_NULL, null=True, related_name="attempts")
    started = models.DateTimeField(default=now)
    ended = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    message = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_attempt_of_a_number")]
