"""Making a set as the commands do it: bar, interruption, contact sheet, figures."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tiltyard.cli.display import check_writable, show, table, write_json
from tiltyard.cli.exits import INTERRUPTED
from tiltyard.cli.forge.bar import samples_bar
from tiltyard.cli.forge.options import executor_of, parse_shard
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from tiltyard.forensics.making.estimate import Cost
    from tiltyard.forensics.making.folder import Written
    from tiltyard.forensics.making.series import Series

ESTIMATED = 48
"""Samples that --estimate makes: enough for every family and kind to come up."""


@dataclass(frozen=True)
class Order:
    """How and where a set is made."""

    out: Path | None
    shard: str
    jobs: int | None
    ray: str | None
    sheet: Path | None
    sheet_items: int
    estimate: bool
    json: str | None

    def check(self) -> None:
        """TiltyardError before the work where its result could not be written."""
        if self.out is None and not self.estimate:
            raise TiltyardError("--out DIR is missing: where the set goes (or --estimate, which writes none)")
        check_writable(self.json)
        if self.sheet is not None:
            from tiltyard.forensics.making.sheet import check_target

            check_target(self.sheet)
            check_writable(str(self.sheet))


def carry_out(series: "Series", order: Order) -> None:
    """Makes or estimates the set and shows what it took."""
    figures = _estimate(series, order) if order.estimate else _write(series, order)
    write_json(figures, order.json)


@contextmanager
def resumable(order: Order) -> Iterator[None]:
    """Ctrl-C ends with its own exit code and says how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        hint = f"; the same command goes on in {order.out}" if order.out and not order.estimate else ""
        typer.echo(f"tiltyard: interrupted{hint}", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _estimate(series: "Series", order: Order) -> dict[str, Any]:
    from tiltyard.forensics.making.estimate import estimated, kinds_of
    from tiltyard.forensics.making.sheet import Shown, write_sheet

    began = time.perf_counter()
    with resumable(order), samples_bar() as bar:
        cost, samples = estimated(series, executor_of(order.jobs, order.ray), items=ESTIMATED, progress=bar)
    counts = kinds_of(samples)
    show(f"{cost.samples} samples in {time.perf_counter() - began:.1f} s, nothing was kept", json_to=order.json)
    _show(counts, cost, series.count, order.json)
    if order.sheet:
        write_sheet((Shown.of(sample) for sample in samples[: order.sheet_items]), order.sheet)
        show(f"sheet: {order.sheet}", json_to=order.json)
    return {"kinds": counts, "cost": cost.figures(), "count": series.count}


def _write(series: "Series", order: Order) -> dict[str, Any]:
    from tiltyard.forensics.making.estimate import Cost
    from tiltyard.forensics.making.folder import write_set
    from tiltyard.forensics.making.sheet import sheet_of

    assert order.out is not None  # noqa: S101 - Order.check has seen to it
    began, shard = time.perf_counter(), parse_shard(order.shard)
    with resumable(order), samples_bar() as bar:
        written = write_set(
            series, order.out, executor_of(order.jobs, order.ray), shard=shard, carried=order.ray is not None,
            progress=bar,
        )  # fmt: skip
    if not (written.samples or written.found or written.missing_parts):
        raise TiltyardError("no picture offers a place to any of the kinds: name other --kinds, or other pictures")
    cost = Cost(written.samples, written.seconds, written.bytes)
    show(_told(written, order.out, time.perf_counter() - began), json_to=order.json)
    _show(dict(sorted(written.kinds.items())), cost, series.count, order.json)
    if order.sheet:
        sheet_of(order.out, order.sheet, items=order.sheet_items)
        show(f"sheet: {order.sheet}", json_to=order.json)
    return {
        "folder": str(order.out), "samples": written.samples, "found": written.found,
        "passed_over": written.passed_over, "missing_parts": written.missing_parts,
        "kinds": dict(sorted(written.kinds.items())), "cost": cost.figures(), "count": series.count,
    }  # fmt: skip


def _told(written: "Written", out: Path, seconds: float) -> str:
    lines = [f"{written.samples} samples made in {seconds:.1f} s, {written.found} were there"]
    if written.passed_over:
        lines.append(f"{written.passed_over} passed over: no operation found a place in their pictures")
    if written.missing_parts:
        lines.append(
            f"{written.missing_parts} parts of other shards are not in {out} yet; the last shard joins the set"
        )
    else:
        lines.append(f"the set is whole: {out / 'truth.csv'}, {out / 'samples.csv'}")
    return "\n".join(lines)


def _show(counts: Mapping[str, int], cost: "Cost", count: int, json_to: str | None) -> None:
    if not cost.samples:
        return
    lines = [[kind, str(number), f"{number / cost.samples:.1%}"] for kind, number in counts.items()]
    share = count / 1_000_000
    show(
        "\n".join(
            [
                "",
                table(["kind", "samples", "share"], lines),
                "",
                f"rate: {cost.samples_a_core_second:.2f} samples a second and core",
                f"a million: {cost.core_hours_a_million:.1f} core-hours, {cost.gigabytes_a_million:.1f} GB",
                f"{count} samples: {cost.core_hours_a_million * share:.3g} core-hours, "
                f"{cost.gigabytes_a_million * share:.3g} GB",
            ]
        ),
        json_to=json_to,
    )
