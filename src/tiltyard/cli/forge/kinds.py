"""`tiltyard forge kinds`: what can be made."""

from tiltyard.cli.display import check_writable, show, table, write_json
from tiltyard.cli.forge.options import Json


def kinds(json: Json = None) -> None:
    """List the families of documents with their templates, and the ways of forging.

    Example: tiltyard forge kinds --json kinds.json
    """
    check_writable(json)
    from tiltyard.forensics.documents.catalogue import families, templates
    from tiltyard.forensics.forging.catalogue import kinds as known

    found = {family: {script: list(templates(family, scripts=(script,))) for script in ("latin", "chinese")}
             for family in families()}  # fmt: skip
    lines = [
        [family, ", ".join(dict.fromkeys(name for names in scripts.values() for name in names))]
        for family, scripts in found.items()
    ]
    show(table(["family", "templates"], lines), json_to=json)
    show("\n" + table(["way of forging"], [[kind] for kind in known()]), json_to=json)
    write_json({"families": found, "kinds": list(known())}, json)
