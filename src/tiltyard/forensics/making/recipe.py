"""What a set of rendered documents is made of; all that the bytes of its samples hang on."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.versions import digest_of_json, made_with

if TYPE_CHECKING:
    from tiltyard.forensics.making.series import Sample

VERSION = "documents 1"
"""Changes with every change of code that changes bytes."""
SCRIPTS = ("latin", "chinese")
MAX_COUNT = 10**9
SHORTEST, LONGEST = 300, 4000
"""Pixels on the long side: below, text cannot be read; above, pages are drawn for minutes."""


@dataclass(frozen=True)
class Recipe:
    """Rendered documents. `document_recipe` makes one with everything checked and filled in."""

    seed: int
    count: int
    designs: tuple[str, ...]
    """`family/template`, sorted."""
    kinds: tuple[str, ...]
    authentic: float = 0.5
    """The share of samples that nobody forged."""
    variants: int = 1
    """Samples of one document: index i shows document i // variants."""
    long_side: int = 1000
    samples_a_part: int = 1000
    version: str = VERSION

    def described(self) -> dict[str, Any]:
        """All fields, with fonts and packages of this machine."""
        from tiltyard.forensics.documents.fonts import fonts_digest

        return {**asdict(self), "fonts": fonts_digest(), "made_with": dict(made_with())}

    @property
    def digest(self) -> str:
        """SHA-256 of what a sample's bytes hang on: everything but how many there are and how they lie in folders."""
        return digest_of(self.described())

    @property
    def families(self) -> tuple[str, ...]:
        """Of the designs, each once."""
        return tuple(dict.fromkeys(design.partition("/")[0] for design in self.designs))

    def templates(self, family: str) -> tuple[str, ...]:
        return tuple(design.partition("/")[2] for design in self.designs if design.startswith(f"{family}/"))

    def prepare(self) -> None:
        """Imports what draws and forges."""
        from tiltyard.forensics.forging.catalogue import operation
        from tiltyard.forensics.making import sample

        _ = sample, [operation(kind) for kind in self.kinds]

    def material(self, indices: range, *, carried: bool) -> None:
        """Nothing: every machine draws its own pages."""

    def sample(self, index: int, material: None = None) -> "Sample | None":
        from tiltyard.forensics.making.sample import sample

        return sample(self, index)

    def twin(self, index: int, material: None = None) -> "Sample | None":
        """The sample as nobody forged it; None for what is authentic."""
        from tiltyard.forensics.making.sample import twin

        return twin(self, index)


def digest_of(described: dict[str, Any]) -> str:
    """The digest of a description, without what leaves every sample as it is."""
    return digest_of_json({name: value for name, value in described.items() if name not in ("count", "samples_a_part")})


def document_recipe(
    *,
    seed: int,
    count: int,
    scripts: Iterable[str] = SCRIPTS,
    families: Iterable[str] = (),
    kinds: Iterable[str] = (),
    authentic: float = 0.5,
    variants: int = 1,
    long_side: int = 1000,
    samples_a_part: int = 1000,
) -> Recipe:
    """A recipe of all templates of the families (all, if none is named) in the scripts; TiltyardError names a bad one.

    Chinese without its fonts is an error, never a silent change of the set.
    """
    from tiltyard.forensics.forging.catalogue import kinds as known_kinds

    check_numbers(seed=seed, count=count, authentic=authentic, samples_a_part=samples_a_part)
    if not SHORTEST <= long_side <= LONGEST:
        raise TiltyardError(f"long side {long_side}: write {SHORTEST} to {LONGEST} pixels")
    if not 1 <= variants <= 1000:
        raise TiltyardError(f"{variants} variants of a document: write 1 to 1000")
    return Recipe(
        seed=seed, count=count, designs=_designs(tuple(families), _scripts(tuple(scripts))),
        kinds=chosen("kind", tuple(kinds), tuple(known_kinds())), authentic=authentic, variants=variants,
        long_side=long_side, samples_a_part=samples_a_part,
    )  # fmt: skip


def check_numbers(*, seed: int, count: int, authentic: float, samples_a_part: int) -> None:
    """TiltyardError for what no series can have."""
    if seed < 0:
        raise TiltyardError(f"seed {seed}: write 0 or more")
    if not 1 <= count <= MAX_COUNT:
        raise TiltyardError(f"count {count}: write 1 to {MAX_COUNT}")
    if not 0 <= authentic <= 1:
        raise TiltyardError(f"authentic share {authentic:g}: write a number from 0 to 1")
    if not 1 <= samples_a_part <= 100_000:
        raise TiltyardError(f"{samples_a_part} samples a part: write 1 to 100000")


def chosen(what: str, wanted: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """The wanted names in the order of the known ones, all if none is wanted; TiltyardError for one that is unknown."""
    for name in wanted:
        if name not in known:
            raise TiltyardError(f"{what} {name!r} is not known: {', '.join(known)}")
    return tuple(name for name in known if name in wanted) if wanted else known


def _scripts(wanted: tuple[str, ...]) -> tuple[str, ...]:
    from tiltyard.forensics.documents.fonts import chinese_packages, has_chinese

    scripts = chosen("script", wanted, SCRIPTS)
    if "chinese" in scripts and not has_chinese():
        packages = " ".join(chinese_packages())
        raise TiltyardError(f"Chinese fonts are missing: apt-get install {packages}, or say --scripts latin")
    return scripts


def _designs(wanted: tuple[str, ...], scripts: tuple[str, ...]) -> tuple[str, ...]:
    from tiltyard.forensics.documents.catalogue import families, templates

    found = tuple(
        f"{family}/{template}"
        for family in chosen("family", wanted, tuple(families()))
        for template in templates(family, scripts=scripts)
    )
    if not found:
        raise TiltyardError(f"no template of {', '.join(wanted)} is in {', '.join(scripts)}: name another script")
    return found
