"""Files of settings: TOML that fits a pydantic model, or one line that names the field."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tiltyard.contest.names import one_line
from tiltyard.errors import TiltyardError

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(path: Path, kind: type[Settings]) -> Settings:
    """What the file says; TiltyardError names the file and the field that is wrong."""
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise TiltyardError(f"{path}: cannot be read ({error.strerror})") from None
    except ValidationError as error:
        raise TiltyardError(f"{path}: {first_fault(error, whole='the file')}") from None
    except ArithmeticError as error:
        raise TiltyardError(f"{path}: a date or a number is out of range ({one_line(error)})") from None
    except (ValueError, RecursionError) as error:
        raise TiltyardError(f"{path}: no valid TOML ({one_line(error)})") from None


def first_fault(error: ValidationError, *, whole: str) -> str:
    """The first field that does not fit, or what they make up as a whole, and why; in no words of the library's own."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or whole
    return f"{one_line(field)}: {first['msg'].removeprefix('Value error, ')}"
