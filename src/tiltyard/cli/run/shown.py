"""A result as people and machines read it: what all tracks have in common."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tiltyard.cli.display import spread

if TYPE_CHECKING:
    from tiltyard.contest.evaluation import Evaluation


def common_json(evaluation: "Evaluation", *, ranking: str = "score") -> dict[str, Any]:
    """What every result for machines has: verdict, ranking figure, identity."""
    record = evaluation.record
    return {
        "status": record.status,
        "reason": record.reason,
        ranking: round(record.values[ranking], 4),
        "interval": record.intervals.get(ranking),
        "entry": record.identity.entry,
        "entry_digest": record.identity.entry_digest,
        "seed": record.identity.seed,
        "trust": record.identity.trust,
        "folder": str(evaluation.folder),
    }


def rounded(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Parts with their scores to four decimals, as the contest published them."""
    return [{**part, "score": round(part["score"], 4)} for part in parts]


def verdict(evaluation: "Evaluation", *, ranking: str = "score", digits: int = 2) -> list[str]:
    """The last lines of a result for people; `digits` are those of the interval."""
    record = evaluation.record
    told = (
        f"FAILED, {ranking} 0: {record.reason}"
        if record.reason
        else f"{ranking} {record.values[ranking]:.4f} {spread(record.intervals.get(ranking), digits)}"
    )
    notes = ["run without a jail (--trust)"] if record.identity.trust else []
    return [told, *notes, f"report: {evaluation.folder / 'report.html'}"]


def spent(part: Mapping[str, Any], what: str) -> str:
    """Passes used of those allowed."""
    return f"{part[what]} / {part[what + '_allowed']}"
