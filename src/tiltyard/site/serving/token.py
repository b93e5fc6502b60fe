"""The token by which workers elsewhere fetch and put files."""

from pathlib import Path

from tiltyard.site.secret_files import made_once, read_secret

TOKEN_NAME = "worker.token"  # noqa: S105 - a file's name


def workers_token(folder: Path) -> str:
    """The token of the site in this data folder; made once, readable for this user alone. TiltyardError."""
    return made_once(folder / TOKEN_NAME).strip()


def read_token(path: Path) -> str:
    """What a copy of the file holds; TiltyardError where it is empty or cannot be read."""
    return read_secret(path, f"copy {TOKEN_NAME} from the site's data folder").strip()
