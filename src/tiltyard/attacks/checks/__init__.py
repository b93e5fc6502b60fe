"""Does the attack look weak? Checks that end every robustness evaluation, one subject a file."""

from tiltyard.attacks.checks.check import Check
from tiltyard.attacks.checks.ladder import Rung
from tiltyard.attacks.checks.run import Checks, run_checks
from tiltyard.attacks.checks.subject import Subject
from tiltyard.attacks.draws import drawn_from

__all__ = ["Check", "Checks", "Rung", "Subject", "drawn_from", "run_checks"]
