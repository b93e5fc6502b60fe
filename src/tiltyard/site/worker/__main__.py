"""A worker's process: `python -m tiltyard.site.worker [--ray ADDRESS]`."""

import argparse
import os

from tiltyard.site.serving.tied import tie_to_parent


def main() -> None:
    """Works until it is told to end, or its parent is gone."""
    tie_to_parent()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tiltyard.site.worker.settings"
    parser = argparse.ArgumentParser(prog="python -m tiltyard.site.worker")
    parser.add_argument("--ray", metavar="ADDRESS")
    options = parser.parse_args()
    import django

    django.setup()
    from tiltyard.site.worker.loop import work

    work(ray=options.ray)


if __name__ == "__main__":
    main()
