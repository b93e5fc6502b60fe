"""The locator's weights with the rule that was chosen for them, in one safetensors file; the package ships one."""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.deciding import Rule
from tiltyard.forensics.locating.network import Locator

SHIPPED = Path(__file__).parent / "weights" / "locator.safetensors"
SHIPPED_NAME = "shipped"
RULE = "rule"


def save_weights(network: Locator, rule: Rule, path: Path) -> None:
    """In half precision."""
    tensors = {name: tensor.detach().half().contiguous().cpu() for name, tensor in network.state_dict().items()}
    save_file(tensors, path, metadata={RULE: json.dumps(asdict(rule))})


def with_weights(path: Path) -> tuple[Locator, Rule]:
    """A network ready to use, and its rule; TiltyardError where the file is no weights of the locator."""
    try:
        with safe_open(path, framework="pt") as file:
            rule = Rule(**json.loads((file.metadata() or {})[RULE]))
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dictionary
        network = Locator()
        network.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise TiltyardError(
            f"{path}: holds no weights of this locator ({type(error).__name__}): tiltyard forensics train makes them"
        ) from None
    return network.eval().requires_grad_(False), rule


def named_weights(path: Path) -> Path:
    """The file itself; the package's own for `shipped`, unless a file of that name lies there."""
    return SHIPPED if str(path) == SHIPPED_NAME and not path.exists() else path


@cache
def shipped() -> tuple[Locator, Rule]:
    """The package's own."""
    return with_weights(SHIPPED)
