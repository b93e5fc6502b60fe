"""Evasion of image classifiers: attacks of one shape, in one process or through the oracle."""

from tiltyard.attacks.baseline import baseline
from tiltyard.attacks.pgd import pgd
from tiltyard.attacks.result import Attack, AttackResult, Model
from tiltyard.contest.threat import Threat

__all__ = ["Attack", "AttackResult", "Model", "Threat", "baseline", "pgd"]
