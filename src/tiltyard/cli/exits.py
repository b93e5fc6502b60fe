"""Exit codes, for use in CI; documented in `tiltyard --help` and docs/cli.md."""

DONE = 0
"""Done, and the answer is yes."""
ANSWER_IS_NO = 1
"""Below `--fail-under`, doubtful or forged under `--fail-doubtful` and `--fail-on-forged`, or `verify` differs."""
BAD_INPUT = 2
"""A wrong option, file or reference, and nothing was changed; or `inspect` could not read all, and wrote the rest."""
ENTRY_FAILED = 3
"""The entry failed by the rules and scored 0."""
NO_JAIL = 4
"""No working jail: `tiltyard doctor` says what lacks."""
BROKEN = 70
"""A fault of ours: please report it with the output of `--debug`."""
INTERRUPTED = 130
"""Interrupted; `--resume` goes on, `inspect` has written what was done."""
UNREAD = 141
"""Nobody reads standard output any more (`… | head`): the code that SIGPIPE leaves."""
