"""Words that tracks and the database keep in English, and pages show in the viewer's language."""

from django.db.models import Model
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

METRICS = (
    _("score"),
    _("clean"),
    _("mean"),
    _("f1"),
    _("iou"),
    _("auc"),
    _("icdar"),
    _("precision"),
    _("recall"),
    _("recall_at_far"),
    _("pooled_auc"),
)
"""Of the tracks that come with Tiltyard."""
KINDS = (_("attack"), _("model"), _("masks"), _("table"))
"""What entries are."""
JOBS = (_("plan"), _("measure"), _("finish"))
STATES = (
    _("Waiting"),
    _("Running"),
    _("Scored"),
    _("Failed"),
    _("Broken"),
    _("Cancelled"),
    _("Draft"),
    _("Open"),
    _("Paused"),
    _("Plan"),
    _("Measure"),
    _("Finish"),
    _("Leased"),
    _("Done"),
    _("Dropped"),
    _("Error"),
    _("Lost"),
    _("Returned"),
    _("Public"),
    _("Private"),
    _("Asked"),
    _("Received"),
    _("Reproduced"),
    _("Not Reproduced"),
)
"""Labels of choices."""
OUTCOMES = (_("running"), _("done"), _("error"), _("lost"), _("returned"))
ENDS_OF_ATTEMPTS = (_("not needed any more"), _("the lease ran out: the worker was lost or hung"))
CAUSES = (_("rerun"), _("rescore"), _("reproduction"))
"""Why an evaluation was begun, or an entry is not charged."""
ACTIONS = (
    _("add-challenge"),
    _("add-organiser"),
    _("ask-for-reproduction"),
    _("award"),
    _("cancel"),
    _("change-user"),
    _("claim"),
    _("disqualify-entry"),
    _("disqualify-team"),
    _("export"),
    _("extend"),
    _("give-award"),
    _("invite-organiser"),
    _("mark-reproduction"),
    _("message"),
    _("name-first"),
    _("pause"),
    _("publish"),
    _("refund"),
    _("reinstate-entry"),
    _("reinstate-team"),
    _("remove-member"),
    _("remove-organiser"),
    _("reproduction-deadline"),
    _("rerun"),
    _("rerun-all"),
    _("rerun-reproduction"),
    _("rescore-all"),
    _("restore-award"),
    _("resume"),
    _("withdraw-award"),
    _("withdraw-invitation"),
    _("write-up"),
)
"""Of the audit log."""
DETAILS = (
    _("after"),
    _("award"),
    _("before"),
    _("broken"),
    _("characters"),
    _("contest"),
    _("entries"),
    _("entry"),
    _("evaluation"),
    _("files"),
    _("inviter"),
    _("measure"),
    _("message"),
    _("note"),
    _("phase"),
    _("place"),
    _("reason"),
    _("subject"),
    _("teams"),
    _("verdict"),
    _("version"),
)
"""Of its events."""
MODELS = (
    _("audit event"),
    _("audit events"),
    _("entry"),
    _("entries"),
    _("evaluation"),
    _("evaluations"),
    _("job"),
    _("jobs"),
    _("worker"),
    _("workers"),
    _("challenge"),
    _("challenges"),
    _("team"),
    _("teams"),
    _("user"),
    _("users"),
)
FIELDS = (
    _("action"),
    _("actor"),
    _("address"),
    _("at"),
    _("attempt"),
    _("awards checked"),
    _("basis"),
    _("captain"),
    _("cause"),
    _("charged"),
    _("contest"),
    _("data version"),
    _("deadline"),
    _("detail"),
    _("disqualified"),
    _("done items"),
    _("ended"),
    _("file"),
    _("file name"),
    _("files"),
    _("finished"),
    _("host"),
    _("intervals"),
    _("is active"),
    _("is staff"),
    _("items"),
    _("jail"),
    _("jail says"),
    _("joined"),
    _("kind"),
    _("lease until"),
    _("made"),
    _("needs jail"),
    _("note"),
    _("number"),
    _("outside"),
    _("parts"),
    _("phase"),
    _("pid"),
    _("position"),
    _("public intervals"),
    _("public values"),
    _("reason"),
    _("result"),
    _("seconds"),
    _("seed"),
    _("seen"),
    _("shard"),
    _("slug"),
    _("spent"),
    _("started"),
    _("state"),
    _("target"),
    _("token digest"),
    _("track version"),
    _("uncharged because"),
    _("values"),
    _("version"),
)
"""Of what the admin shows."""


def translate_names(model: type[Model]) -> None:
    """Lets the admin call the model, its fields and their choices as the viewer's language does."""
    options = model._meta
    options.verbose_name = gettext_lazy(str(options.verbose_name))
    options.verbose_name_plural = gettext_lazy(str(options.verbose_name_plural))
    for field in options.fields:
        field.verbose_name = gettext_lazy(str(field.verbose_name))
        if field.choices:
            field.choices = [(value, gettext_lazy(str(label))) for value, label in field.flatchoices]
