"""Two entries compared item by item; for organisers, who see all scores."""

import tempfile
from pathlib import Path

from django.utils.translation import gettext as _

from tiltyard.contest.compare import Comparison, compare
from tiltyard.contest.evaluation import read_evaluation
from tiltyard.site.models import Entry, Evaluation
from tiltyard.site.places import places
from tiltyard.site.refused import Refused
from tiltyard.site.storing.evidence import write_folder


def compare_entries(first: Entry, second: Entry) -> Comparison:
    """The paired comparison of their scores on all items. EvaluationError where they did not measure the same."""
    with tempfile.TemporaryDirectory(dir=places().uploads) as place:
        one, other = (_written(entry, Path(place) / name) for entry, name in ((first, "one"), (second, "other")))
        return compare(read_evaluation(one), read_evaluation(other))


def _written(entry: Entry, folder: Path) -> Path:
    scored = entry.evaluations.filter(state=Evaluation.State.SCORED).order_by("number").last()
    if scored is None:
        raise Refused(_("Entry %d has no score.") % entry.pk)
    write_folder(scored, folder)
    return folder
