"""The scheduler's process: `python -m tiltyard.site.scheduler`."""

import os
import signal

from tiltyard.site.serving.tied import tie_to_parent


def main() -> None:
    """Runs until it is told to end, or its parent is gone; whatever it does can be done again."""
    tie_to_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiltyard.site.settings")
    import django

    django.setup()
    from tiltyard.site.scheduler.loop import keep_going

    keep_going()


if __name__ == "__main__":
    main()
