"""The folder of an evaluation, as `tiltyard verify` reads it, and the logs in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from tiltyard.contest.names import check_name
from tiltyard.site.models import Evaluation
from tiltyard.site.storing.store import store

LONGEST_LOG = 64 << 10
"""Bytes of each log that are shown: its end."""


def write_folder(evaluation: Evaluation, folder: Path) -> None:
    """Writes every file of the evaluation below the folder, which is made."""
    kept = store()
    folder.mkdir(parents=True)
    for name, digest in evaluation.files.items():
        target = folder / check_name(name, "evaluation")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept.path(digest), target)


def has_logs(evaluation: Evaluation) -> bool:
    """Whether its program has said anything."""
    return any(name.endswith(".log") for name in evaluation.files)


def logs(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """What its program said, by shard; the viewer's right to see it is the caller's to ask for."""
    for name in sorted(evaluation.files):
        if name.endswith(".log"):
            content = store().read(evaluation.files[name])[-LONGEST_LOG:]
            yield name.removeprefix("artefacts/").removesuffix(".log"), content.decode(errors="replace")
