"""One small real evaluation that the tests of reports share, and copies of it to spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.evaluation import Evaluation, read_evaluation
from tiltyard.contest.run import Run
from tiltyard.defences.pool import load_pool
from tiltyard.tracks.whitebox import WhiteBox


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    track, folder = WhiteBox(), tmp_path_factory.mktemp("report") / "evaluation"
    return evaluate_entry(track, track.named("baseline"), load_pool("digits-small", items=40), Run(trust=True), folder)


@pytest.fixture
def copied(finished: Evaluation, tmp_path: Path) -> Callable[[], Evaluation]:
    def copy() -> Evaluation:
        target = tmp_path / "copy"
        shutil.copytree(finished.folder, target)
        (target / "report.html").unlink(missing_ok=True)
        return read_evaluation(target)

    return copy
