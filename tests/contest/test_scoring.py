"""Budgets, shares, ranks, intervals, comparisons and the white-box score, against counting by hand."""

import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_contest import ToyData, evaluated, toy_track

from tiltyard.contest.board import Candidate, board, rank
from tiltyard.contest.bootstrap import clusters_of, intervals, resamples
from tiltyard.contest.budget import Budget, Meter, OverBudget
from tiltyard.contest.compare import compare
from tiltyard.contest.evaluation import ROWS, Evaluation
from tiltyard.contest.files import digest_of
from tiltyard.contest.registry import find_track, track_names
from tiltyard.contest.run import Run
from tiltyard.contest.split import public_keys, public_rows
from tiltyard.contest.threat import parse_eps
from tiltyard.contest.track import Facts, Metric, Score, Track
from tiltyard.errors import EvaluationError, TiltyardError
from tiltyard.tracks.whitebox import WhiteBox

__all__ = ["toy_track"]

counts = st.integers(0, 1000)
fraction = st.floats(0, 1)


class TestBudget:
    def test_exactly_the_limit_is_allowed_and_one_more_books_nothing(self) -> None:
        meter = Meter(Budget(10, 5))
        meter.charge(forwards=10, backwards=5)
        assert meter.spent == Budget(10, 5)
        assert not meter.exceeded
        for more in ({"forwards": 1}, {"backwards": 1}):
            with pytest.raises(OverBudget):
                meter.charge(**more)
        assert meter.spent == Budget(10, 5)
        assert meter.exceeded

    @given(limit=st.tuples(counts, counts), calls=st.lists(st.tuples(counts, counts), max_size=20))
    def test_the_meter_books_what_fits_and_never_more_than_the_limit(
        self, limit: tuple[int, int], calls: list[tuple[int, int]]
    ) -> None:
        meter, booked, refused = Meter(Budget(*limit)), (0, 0), False
        for forwards, backwards in calls:
            asked = (booked[0] + forwards, booked[1] + backwards)
            try:
                meter.charge(forwards=forwards, backwards=backwards)
                booked = asked
            except OverBudget:
                refused = True
                assert asked[0] > limit[0] or asked[1] > limit[1]
        assert meter.spent == Budget(*booked)
        assert Budget(*limit).covers(meter.spent)
        assert meter.exceeded is refused

    def test_a_meter_without_a_budget_counts(self) -> None:
        meter = Meter()
        meter.charge(forwards=10**9)
        assert (meter.spent, meter.exceeded) == (Budget(10**9, 0), False)

    @given(average=st.decimals(0, 1000, places=2), images=st.integers(0, 10_000))
    def test_an_average_is_taken_as_it_is_written(self, average: object, images: int) -> None:
        exact = round(float(str(average)) * 100) * images // 100
        assert Budget.per_image(images, forwards=float(str(average)), backwards=0).forwards == exact


class TestEps:
    @pytest.mark.parametrize(
        ("text", "value"),
        [("8/255", 8 / 255), ("0.03", 0.03), ("0", 0), (" 8 / 255 ", 8 / 255), ("1e-2", 0.01), (4, 4)],
    )
    def test_fractions_and_numbers_are_taken(self, text: str | float, value: float) -> None:
        assert parse_eps(text) == value

    @pytest.mark.parametrize(
        "text", ["", "eight", "8/0", "-1", "-1/255", "1/2/3", "nan", "inf", "1e999", "8\n/x", "1e999999999/x", math.nan]
    )
    def test_anything_else_is_refused_in_one_line(self, text: str | float) -> None:
        with pytest.raises(TiltyardError) as caught:
            parse_eps(text)
        assert "\n" not in str(caught.value)

    def test_a_giant_exponent_costs_nothing(self) -> None:
        assert parse_eps("1e-999999999") == 0

    @given(text=st.text(max_size=20))
    def test_any_text_is_a_radius_or_an_error(self, text: str) -> None:
        try:
            assert 0 <= parse_eps(text) < math.inf
        except TiltyardError as error:
            refusal = str(error)
            assert "\n" not in refusal


class TestSplit:
    @given(keys=st.lists(st.text(max_size=4), max_size=40), percent=st.integers(0, 100), seed=st.integers(0, 5))
    def test_the_public_keys_have_a_fixed_number_and_no_order(self, keys: list[str], percent: int, seed: int) -> None:
        share = percent / 100
        chosen = public_keys(keys, share=share, seed=seed)
        assert len(chosen) == -(-percent * len(set(keys)) // 100)
        assert public_keys([*reversed(keys), *keys], share=share, seed=seed) == chosen

    @pytest.mark.parametrize(
        ("share", "items", "public"), [(0.07, 100, 7), (0.29, 100, 29), (0.55, 100, 55), (0.3, 10, 3)]
    )
    def test_a_share_is_taken_as_it_is_written(self, share: float, items: int, public: int) -> None:
        assert len(public_keys([str(item) for item in range(items)], share=share, seed=0)) == public

    @given(shares=st.tuples(fraction, fraction))
    def test_a_smaller_share_lies_within_a_larger_one(self, shares: tuple[float, float]) -> None:
        keys = [str(item) for item in range(50)]
        small, large = (public_keys(keys, share=share, seed=1) for share in sorted(shares))
        assert small <= large

    def test_another_seed_chooses_others(self) -> None:
        keys = [str(item) for item in range(50)]
        assert public_keys(keys, share=0.5, seed=0) != public_keys(keys, share=0.5, seed=1)

    @pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
    def test_no_share_is_outside_0_to_1(self, share: float) -> None:
        with pytest.raises(TiltyardError, match="between 0 and 1"):
            public_keys(["a"], share=share, seed=0)

    def test_rows_of_one_item_stay_together(self) -> None:
        rows = pl.DataFrame({"item": [1, 2, 3, 4] * 3, "model": ["a"] * 4 + ["b"] * 4 + ["c"] * 4})
        public = public_rows(rows, "item", share=0.5, seed=0)
        assert public.group_by("item").len()["len"].to_list() == [3, 3]
        shuffled = public_rows(rows.sample(fraction=1, shuffle=True, seed=3), "item", share=0.5, seed=0)
        assert shuffled.sort("item", "model").equals(public.sort("item", "model"))


def candidates(values: list[float]) -> list[Candidate]:
    return [Candidate(f"team {number}", Score({"score": value})) for number, value in enumerate(values)]


SPECIAL = [1.0, 1.00001, 0.0, -0.0]
figures = st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32) | st.sampled_from(SPECIAL), max_size=12)


class TestRank:
    @pytest.mark.parametrize(("higher", "ranks"), [(True, [1, 2, 2, 4]), (False, [4, 2, 2, 1])])
    def test_ties_share_a_rank(self, higher: bool, ranks: list[int]) -> None:
        scores = {"a": 3.0, "b": 2.00001, "c": 2.00004, "d": 1.0}
        standings = rank(
            [Candidate(name, Score({"score": value})) for name, value in scores.items()],
            Metric("score", higher_is_better=higher),
        )
        assert [standing.rank for standing in sorted(standings, key=lambda line: line.name)] == ranks

    @given(values=figures, higher=st.booleans(), seed=st.integers(0, 9))
    def test_a_rank_is_one_more_than_the_number_of_better_scores(
        self, values: list[float], higher: bool, seed: int
    ) -> None:
        metric = Metric("score", higher_is_better=higher)
        given_order = candidates(values)
        shuffled = random.Random(seed).sample(given_order, len(given_order))
        standings = rank(shuffled, metric)
        assert standings == rank(given_order, metric)
        shown = [round(value, 4) for value in values]
        for standing in standings:
            own = round(standing.score.values["score"], 4)
            better = sum(value > own if higher else value < own for value in shown)
            assert standing.rank == better + 1

    def test_the_board_of_everything_is_the_record_and_a_share_is_the_score_of_its_items(
        self, tmp_path: Path, toy_track: Track
    ) -> None:
        evaluations = [evaluated(tmp_path, bias=bias, out=tmp_path / f"out{bias}") for bias in (1, 2, 3)]
        full = board(evaluations, names=["one", "two", "three"])
        assert {standing.name: standing.score.values for standing in full} == {
            name: evaluation.record.values
            for name, evaluation in zip(("one", "two", "three"), evaluations, strict=True)
        }
        public = board(evaluations, share=0.5)
        for standing, evaluation in zip(sorted(public, key=lambda line: line.name), evaluations, strict=True):
            rows = public_rows(evaluation.rows, "item", share=0.5, seed=0)
            assert standing.score == toy_track.score(rows, evaluation.record.facts)

    def test_only_evaluations_of_the_same_data_share_a_board(self, tmp_path: Path, toy_track: Track) -> None:
        one = evaluated(tmp_path, out=tmp_path / "one")
        other = evaluated(tmp_path, out=tmp_path / "other", data=ToyData(version="1" * 64))
        with pytest.raises(EvaluationError, match="data version differs"):
            board([one, other])
        assert board([]) == []


def clustered(sizes: dict[str, list[int]]) -> pl.DataFrame:
    """Rows with stratum, cluster and a value that tells the cluster."""
    rows = [
        (stratum, f"{stratum}{number}", hash((stratum, number)) % 97 / 97, copy)
        for stratum, clusters in sizes.items()
        for number, size in enumerate(clusters)
        for copy in range(size)
    ]
    return pl.DataFrame(rows, schema=["stratum", "cluster", "value", "copy"], orient="row")


layouts = st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(1, 4), min_size=1, max_size=5), min_size=1)


class TestBootstrap:
    @settings(deadline=None)
    @given(sizes=layouts, seed=st.integers(0, 9))
    def test_clusters_are_drawn_whole_and_strata_keep_their_size(self, sizes: dict[str, list[int]], seed: int) -> None:
        rows = clustered(sizes)
        whole = dict(rows.group_by("cluster").len().iter_rows())
        for sample in resamples(rows, "cluster", "stratum", seed=seed, count=3):
            drawn = dict(sample.group_by("cluster").len().iter_rows())
            assert all(count % whole[name] == 0 for name, count in drawn.items())
            for stratum, clusters in sizes.items():
                units = sum(count // whole[name] for name, count in drawn.items() if name[0] == stratum)
                assert units == len(clusters)

    @settings(deadline=None)
    @given(sizes=layouts, seed=st.integers(0, 9))
    def test_row_order_does_not_matter_and_the_seed_decides(self, sizes: dict[str, list[int]], seed: int) -> None:
        rows = clustered(sizes)
        order = ["stratum", "cluster", "copy"]
        shuffled = rows.sample(fraction=1, shuffle=True, seed=seed)
        pairs = zip(
            resamples(rows, "cluster", "stratum", seed=seed, count=2),
            resamples(shuffled, "cluster", "stratum", seed=seed, count=2),
            strict=True,
        )
        assert all(one.sort(order).equals(other.sort(order)) for one, other in pairs)

    def test_each_cluster_is_drawn_equally_often(self) -> None:
        rows = clustered({"a": [1, 3, 2, 5]})
        groups = clusters_of(rows, "cluster", None)
        generator = np.random.default_rng(0)
        drawn = np.bincount(np.concatenate([groups.draw(generator) for _ in range(5000)]), minlength=4)
        assert scipy.stats.chisquare(drawn).pvalue > 0.001

    def test_an_interval_is_scipys(self) -> None:
        values = np.random.default_rng(3).normal(size=200)
        rows = pl.DataFrame({"item": np.arange(200), "value": values})
        low, high = intervals(
            rows, lambda frame: {"mean": float(frame["value"].mean())}, cluster="item", stratum=None, seed=0
        )["mean"]
        theirs = scipy.stats.bootstrap((values,), np.mean, n_resamples=5000, method="percentile", rng=1)
        width = theirs.confidence_interval.high - theirs.confidence_interval.low
        assert low == pytest.approx(theirs.confidence_interval.low, abs=width / 10)
        assert high == pytest.approx(theirs.confidence_interval.high, abs=width / 10)

    def test_repeated_rows_of_a_cluster_do_not_narrow_the_interval(self) -> None:
        values = np.random.default_rng(3).normal(size=60)
        once = pl.DataFrame({"item": np.arange(60), "value": values})
        often = pl.concat([once] * 13)
        mean = [
            intervals(rows, lambda frame: {"mean": float(frame["value"].mean())}, cluster="item", stratum=None, seed=0)
            for rows in (once, often)
        ]
        assert mean[1]["mean"] == pytest.approx(mean[0]["mean"])

    def test_no_rows_have_no_interval(self) -> None:
        assert intervals(pl.DataFrame({"item": []}), lambda _: {}, cluster="item", stratum=None, seed=0) == {}


@pytest.mark.usefixtures("toy_track")
class TestCompare:
    def pair(self, tmp_path: Path, first: int, second: int, **options: object) -> tuple[Evaluation, Evaluation]:
        one = evaluated(tmp_path, bias=first, out=tmp_path / "one")
        other = evaluated(tmp_path, bias=second, out=tmp_path / "other", **options)
        return one, other

    def test_an_evaluation_against_itself_differs_by_nothing(self, tmp_path: Path) -> None:
        one, _ = self.pair(tmp_path, 1, 2)
        found = compare(one, one, count=100)
        assert (found.difference, found.interval, found.p_value, found.significant) == (0, (0, 0), 1, False)

    def test_the_sign_follows_the_order(self, tmp_path: Path) -> None:
        one, other = self.pair(tmp_path, 1, 3)
        forth, back = compare(one, other, count=200), compare(other, one, count=200)
        assert forth.difference == -back.difference != 0
        assert forth.difference == forth.first - forth.second
        assert forth.interval == pytest.approx((-back.interval[1], -back.interval[0]))
        assert forth.p_value == pytest.approx(back.p_value)
        assert forth.interval[0] <= forth.difference <= forth.interval[1]

    def test_row_order_does_not_matter(self, tmp_path: Path) -> None:
        one, other = self.pair(tmp_path, 1, 3)
        shuffled = with_rows(other, other.rows.sample(fraction=1, shuffle=True, seed=1))
        assert compare(one, shuffled, count=100) == compare(one, other, count=100)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (ToyData(items=5), "did not measure the same items"),
            (ToyData(version="2" * 64), "data version differs"),
            (ToyData(fails_from=1), "failed .*nothing to pair"),
        ],
    )
    def test_what_cannot_be_paired_is_refused(self, tmp_path: Path, data: ToyData, reason: str) -> None:
        one, other = self.pair(tmp_path, 1, 3, data=data)
        for pair in ((one, other), (other, one)):
            with pytest.raises(EvaluationError, match=reason):
                compare(*pair)

    def test_white_box_evaluations_can_be_paired(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tiltyard.contest.compare.find_track", lambda _: WhiteBox())
        rows = frame([("m1", "d", 4, 0), ("m2", "d", 4, 0)])
        one, other = (
            with_rows(evaluation, rows.with_columns(misclassified=pl.lit(misclassified)), [fact("m1"), fact("m2")])
            for evaluation, misclassified in zip(self.pair(tmp_path, 1, 2), (True, False), strict=True)
        )
        found = compare(one, other, count=50)
        assert (found.difference, found.interval) == (100, (100, 100))
        assert found.significant


def with_rows(evaluation: Evaluation, rows: pl.DataFrame, facts: Facts | None = None) -> Evaluation:
    """The evaluation as though it had measured these rows."""
    path = evaluation.folder / "other" / ROWS
    path.parent.mkdir()
    rows.write_parquet(path)
    record = replace(evaluation.record, files={ROWS: digest_of(path)}, facts=facts or evaluation.record.facts)
    return Evaluation(path.parent, record)


def frame(models: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    """Rows of models: name, data set, images, how many of them are misclassified."""
    rows = [
        (f"{data}/{item}", data, model, item < wrong) for model, data, images, wrong in models for item in range(images)
    ]
    schema = {"item": pl.String, "data": pl.String, "model": pl.String, "misclassified": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def fact(model: str, *, failure: str = "", seconds: float = 1.0, allowed: float = 100.0) -> dict[str, object]:
    return {
        "shard": model, "failure": failure, "seconds": seconds, "seconds_allowed": allowed, "items": 1,
        "forwards": 1, "gradients": 1, "forwards_allowed": 2, "gradients_allowed": 2,
    }  # fmt: skip


pools = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), min_size=1, max_size=6)


class TestWhiteBoxScore:
    @settings(deadline=None)
    @given(pool=pools, seed=st.integers(0, 9))
    def test_it_is_the_unweighted_mean_over_models(self, pool: list[tuple[int, int]], seed: int) -> None:
        models = [(f"m{number}", "d", images, min(images, wrong)) for number, (images, wrong) in enumerate(pool)]
        rows = frame(models).sample(fraction=1, shuffle=True, seed=seed)
        score = WhiteBox().score(rows, [fact(name) for name, *_ in models])
        assert score.values["score"] == pytest.approx(100 * np.mean([wrong / images for _, _, images, wrong in models]))
        assert [part["score"] for part in score.parts] == [
            pytest.approx(100 * wrong / images) for _, _, images, wrong in models
        ]
        assert (score.status, score.reason) == ("scored", "")

    @settings(deadline=None)
    @given(keep=st.lists(st.booleans(), min_size=40, max_size=40))
    def test_a_subset_scores_as_its_rows_do(self, keep: list[bool]) -> None:
        rows = frame([("a", "d", 20, 7), ("b", "d", 20, 13)]).filter(pl.Series(keep))
        shares = [
            np.mean(rows.filter(pl.col("model") == model)["misclassified"].to_numpy())
            for model in ("a", "b")
            if model in rows["model"]
        ]
        expected = 100 * np.mean(shares) if shares else 0
        assert WhiteBox().score(rows, [fact("a"), fact("b")]).values["score"] == pytest.approx(expected)

    @pytest.mark.parametrize("failure", ["over budget: more than 2", "time limit", "the guest died"])
    def test_a_failed_model_is_nought_for_all(self, failure: str) -> None:
        score = WhiteBox().score(frame([("a", "d", 4, 4)]), [fact("a"), fact("b", failure=failure)])
        assert (score.values["score"], score.status) == (0, "failed")
        assert score.reason == f"model b: {failure}"

    def test_time_is_counted_over_all_models(self) -> None:
        rows = frame([("a", "d", 4, 4), ("b", "d", 4, 4)])
        within = WhiteBox().score(rows, [fact("a", seconds=50), fact("b", seconds=50)])
        beyond = WhiteBox().score(rows, [fact("a", seconds=50), fact("b", seconds=50.1)])
        assert (within.values["score"], within.reason) == (100, "")
        assert (beyond.values["score"], beyond.reason[:10]) == (0, "time limit")

    def test_nothing_measured_is_nought(self) -> None:
        assert WhiteBox().score(pl.DataFrame(), []).values["score"] == 0


class TestRegistry:
    def test_installed_tracks_are_found_by_name(self) -> None:
        assert "whitebox" in track_names()
        assert isinstance(find_track("whitebox"), WhiteBox)

    @pytest.mark.parametrize("name", ["", "white", "white\nbox"])
    def test_an_unknown_name_is_answered_with_the_known_ones(self, name: str) -> None:
        with pytest.raises(TiltyardError, match=r"installed are .*whitebox") as caught:
            find_track(name)
        assert "\n" not in str(caught.value)


def test_a_run_is_equal_whatever_shows_its_progress() -> None:
    assert Run(progress=print) == Run()
