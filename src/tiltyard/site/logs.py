"""What the log must not keep: paths of one-time links sign people in, and a refused request leaves its link unused."""

import logging
import re

SECRET_PATHS = re.compile(r"((?:/|%2F)(?:claim|sign-up|invitation|password)(?:/|%2F))\S+", re.IGNORECASE)


class WithoutCodes(logging.Formatter):
    """Lines of every logger, tracebacks included, with stars in place of the codes."""

    def format(self, record: logging.LogRecord) -> str:
        return SECRET_PATHS.sub(r"\1***", super().format(record))
