"""Evasion of image classifiers: attacks of one shape, in one process or through the oracle."""

from tiltyard.attacks.apgd import apgd
from tiltyard.attacks.apgd_targeted import apgd_targeted
from tiltyard.attacks.autoattack import autoattack
from tiltyard.attacks.baseline import baseline
from tiltyard.attacks.fab import fab
from tiltyard.attacks.lance import lance
from tiltyard.attacks.pgd import pgd
from tiltyard.attacks.result import Attack, AttackResult, Model
from tiltyard.attacks.square import square
from tiltyard.contest.threat import Threat

__all__ = [
    "Attack",
    "AttackResult",
    "Model",
    "Threat",
    "apgd",
    "apgd_targeted",
    "autoattack",
    "baseline",
    "fab",
    "lance",
    "pgd",
    "square",
]
