"""The one family of errors that Tiltyard raises for its users."""


class TiltyardError(Exception):
    """What was wrong, where, and what to do: one line that the command line prints as it is."""


class EntryError(TiltyardError):
    """An entry breaks its format; the message names the member and the rule."""


class ReferenceFailed(TiltyardError):
    """A model or data reference cannot be resolved."""


class JailUnavailable(TiltyardError):
    """No working jail on this host; the message says what it lacks and the cure."""


class EvaluationError(TiltyardError):
    """An evaluation folder is missing, incomplete or damaged."""


class DecoderUnavailable(EvaluationError):
    """This machine cannot decode the rows of an evaluation, which says nothing about them; the message says why."""
