"""Extracts the site's texts into its catalogues and compiles them: `python tools/messages.py`; needs xgettext.

What is translated stays; new texts come empty, changed ones marked fuzzy. Neither dates nor line numbers are written,
so that a difference in the catalogue is one in the texts.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import polib
from django.core.management import CommandError, call_command

SITE = Path(__file__).parents[1] / "src/tiltyard/site"
LANGUAGES = ("zh_Hans",)
DATES = ("POT-Creation-Date", "PO-Revision-Date")


def catalogue(language: str, site: Path = SITE) -> Path:
    """Where the texts of a language lie; the compiled ones lie beside it."""
    return site / "locale" / language / "LC_MESSAGES" / "django.po"


def extracted(language: str, folder: Path) -> polib.POFile:
    """The catalogue brought up to date with templates and code, in a copy below `folder`; CommandError."""
    copy = folder / "site"
    shutil.copytree(SITE, copy, ignore=shutil.ignore_patterns("__pycache__", "static"), dirs_exist_ok=True)
    here = Path.cwd()
    os.chdir(copy)
    try:
        call_command(
            "makemessages", locale=[language], add_location="file", no_wrap=True, no_obsolete=True, verbosity=0
        )
    finally:
        os.chdir(here)
    texts = polib.pofile(str(catalogue(language, copy)), wrapwidth=0)
    for name in DATES:
        texts.metadata.pop(name, None)
    return texts


def lacking(texts: polib.POFile) -> list[str]:
    """What is not translated yet, or for another text."""
    new, changed = texts.untranslated_entries(), texts.fuzzy_entries()
    return [f"new: {entry.msgid}" for entry in new] + [f"changed: {entry.msgid}" for entry in changed]


def main() -> int:
    """1 where a text is not translated yet, 2 where texts cannot be extracted."""
    missing: list[str] = []
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            try:
                texts = extracted(language, Path(folder))
            except CommandError as error:
                sys.stderr.write(f"{error}\n")
                return 2
        path = catalogue(language)
        texts.save(str(path))
        texts.save_as_mofile(str(path.with_suffix(".mo")))
        missing += [f"{language}: {text}" for text in lacking(texts)]
    sys.stdout.writelines(f"{line}\n" for line in missing)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
