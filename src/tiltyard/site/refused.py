"""What the site does not do for somebody, told in words that they can act on."""

from tiltyard.errors import TiltyardError


class Refused(TiltyardError):
    """The rules, or the state of things, forbid it; the message is shown as it is, in the viewer's language."""


class TooOften(Refused):
    """A rate limit; `seconds` says how long to wait."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
