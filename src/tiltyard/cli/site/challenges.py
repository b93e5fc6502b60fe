"""`tiltyard challenges`: begin with a shipped one, check a challenge's folder, bring it to a site, list those there."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiltyard.cli.display import show, table, write_json
from tiltyard.cli.listing import Json
from tiltyard.cli.site.options import DATA, Database, PresentData
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from tiltyard.site.models import User

challenges = typer.Typer(no_args_is_help=True, help="Challenges of a site: new, check, add, list.")
Folder = Annotated[Path, typer.Argument(help="A folder with challenge.toml and its data.")]


@challenges.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Which one the package ships: credential, cvpr2021, digits, tianchi.")],
    folder: Annotated[Path | None, typer.Argument(help="A new or empty folder; by default one of that name.")] = None,
) -> None:
    """Write the file of a shipped challenge, to be changed and given its data.

    Example: tiltyard challenges new tianchi my-contest
    """
    from tiltyard.site.challenge.shipping import write_shipped

    place = folder or Path(name)
    typer.echo(write_shipped(name, place))
    typer.echo(f"\nwrote {place / 'challenge.toml'}; when its data is there: tiltyard challenges check {place}")


@challenges.command("check")
def check(folder: Folder) -> None:
    """Read challenge.toml, and load the data of every contest once; needs no site.

    Example: tiltyard challenges check certificates
    """
    from tiltyard.site.challenge.checking import check_folder

    file = check_folder(folder)
    lines = [[contest.name, contest.track, contest.data] for contest in file.contests]
    show(table(["contest", "track", "data"], lines), json_to=None)
    show(f"\n{file.name}: a sound challenge of {len(file.phases)} phases", json_to=None)


@challenges.command("add")
def add(
    folder: Folder,
    data: PresentData = DATA,
    database: Database = "",
    note: Annotated[str, typer.Option(help="What is new in this version.")] = "",
    organiser: Annotated[str, typer.Option(help="E-mail of its organiser; by default the site's administrator.")] = "",
) -> None:
    """Add a challenge to a site as a draft, or a new version of the one that has its name.

    Example: tiltyard challenges add certificates --data contest --note "three labels mended"
    """
    _open(data, database)
    from tiltyard.site.challenge.adding import add_challenge
    from tiltyard.site.models import Challenge

    challenge = add_challenge(folder, by=_organiser(organiser), note=note)
    state = "a draft that its organisers see and publish" if challenge.state == Challenge.State.DRAFT else "in force"
    typer.echo(f"{challenge.slug}: version {challenge.version.number}, {state}")


@challenges.command("list")
def listed(data: PresentData = DATA, database: Database = "", json: Json = None) -> None:
    """List the challenges of a site."""
    _open(data, database)
    from tiltyard.site.models import Challenge

    found = [
        {
            "name": one.slug,
            "state": str(one.state),
            "version": one.version.number,
            "teams": one.teams.count(),
            "entries": one.entries.filter(outside=False).count(),
        }
        for one in Challenge.objects.order_by("slug")
    ]
    columns = ["name", "state", "version", "teams", "entries"]
    show(table(columns, [[str(line[column]) for column in columns] for line in found]), json_to=json)
    write_json(found, json)


def _open(data: Path, database: str) -> None:
    """Makes this process one of the site's; TiltyardError where there is none."""
    from tiltyard.site.serving import preparing

    preparing.need_packages()
    if not data.is_dir():
        raise TiltyardError(f"{data}: no such folder: name the data folder of a site, which tiltyard serve makes")
    preparing.point_to(data, database)
    import django

    django.setup()
    preparing.check_tables()


def _organiser(email: str) -> "User | None":
    """Whose challenge it becomes; None where the site has no administrator yet."""
    from tiltyard.site.models import User

    if not email:
        return User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    user = User.objects.filter(email=User.objects.normalise(email), is_active=True).first()
    if user is None:
        raise TiltyardError(f"--organiser {email}: nobody has signed up with this address")
    return user
