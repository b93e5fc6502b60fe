"""Attacks by name: ours, and those of Foolbox, torchattacks and ART where they are installed."""

from collections.abc import Callable
from importlib import import_module

from tiltyard.attacks.apgd import apgd
from tiltyard.attacks.apgd_targeted import apgd_targeted
from tiltyard.attacks.autoattack import autoattack, autoattack_rand
from tiltyard.attacks.baseline import baseline
from tiltyard.attacks.fab import fab
from tiltyard.attacks.lance import lance
from tiltyard.attacks.pgd import pgd
from tiltyard.attacks.result import Attack
from tiltyard.attacks.square import square
from tiltyard.errors import ReferenceFailed

OURS: dict[str, Attack] = {
    "lance": lance,
    "pgd": pgd,
    "baseline": baseline,
    "apgd": apgd,
    "apgd_targeted": apgd_targeted,
    "fab": fab,
    "square": square,
    "autoattack": autoattack,
    "autoattack_rand": autoattack_rand,
}
DEFAULT_ATTACK = "lance"
"""Of `tiltyard attack` and `tiltyard.evaluate`."""
USUAL = (200.0, 100.0)
"""Forwards and gradients an image, on average, where nobody says how many."""
TO_THE_END = (20_000.0, 5_000.0)
"""More than the standard ensembles take, which stopped earlier would not be what their name says."""
LIBRARIES = {
    "foolbox": "tiltyard.attacks.foreign.from_foolbox",
    "torchattacks": "tiltyard.attacks.foreign.from_torchattacks",
    "art": "tiltyard.attacks.foreign.from_art",
}
INSTALL = {
    "foolbox": "pip install 'tiltyard[foolbox]'",
    "torchattacks": "pip install torchattacks (with --no-deps where its narrow pins conflict)",
    "art": "pip install 'tiltyard[art]'",
}


def is_attack_name(name: str) -> bool:
    """Whether a name is one of ours or names a library that is known."""
    return name in OURS or (":" in name and name.partition(":")[0] in LIBRARIES)


def usual_budget(name: str) -> tuple[float, float]:
    """Forwards and gradients an image that the attack of that name gets where nobody says how many."""
    return TO_THE_END if name in ("autoattack", "autoattack_rand") else USUAL


def find_attack(name: str) -> Attack:
    """The attack of that name; ReferenceFailed says what is known or what to install."""
    library, _, attack = name.partition(":")
    if name in OURS:
        return OURS[name]
    if library not in LIBRARIES or not attack:
        known = ", ".join([*OURS, *(f"{library}:NAME" for library in LIBRARIES)])
        raise ReferenceFailed(f"no attack named {name!r}: known are {known}")
    try:
        make: Callable[[str], Attack] = import_module(LIBRARIES[library]).attack_named
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == library:
            raise ReferenceFailed(f"attack {name}: {library} is not installed: {INSTALL[library]}") from None
        raise ReferenceFailed(f"attack {name}: {library} cannot be imported ({error})") from error
    return make(attack)
