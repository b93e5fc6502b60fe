"""`tiltyard doctor`: what this host can do, what it lacks, and the cure."""

from typing import Annotated

import typer

from tiltyard.cli.display import show, write_json
from tiltyard.cli.exits import NO_JAIL

OPTIONAL = ("foolbox", "torchattacks", "adversarial-robustness-toolbox", "timm", "transformers", "h5py")


def doctor(
    json: Annotated[
        str | None, typer.Option(help="Write the findings as JSON to FILE, or - for standard output.")
    ] = None,
) -> None:
    """Say whether a stranger's code can be run here, what lacks, and the cure; exit 4 where it cannot."""
    from dataclasses import asdict

    from tiltyard.jail.doctor import examine

    findings = examine()
    for finding in findings:
        cure = f"\n      cure: {finding.cure}" if not finding.ok and finding.cure else ""
        show(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name}: {finding.found}{cure}", json_to=json)
    works = all(finding.ok for finding in findings)
    show(f"\npackages: {_packages()}", json_to=json)
    show("the jail works" if works else "no working jail: strangers' code is refused here", json_to=json)
    write_json({"jail": works, "findings": [asdict(finding) for finding in findings]}, json)
    if not works:
        raise typer.Exit(NO_JAIL)


def _packages() -> str:
    from importlib.metadata import PackageNotFoundError, version

    def told(name: str) -> str:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            return f"{name} –"

    return ", ".join(told(name) for name in ("torch", *OPTIONAL))
