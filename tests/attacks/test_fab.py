"""FAB: its projection against independent solvers, and the distances that it finds."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize
from small_networks import images, labels, network
from torch import Tensor, nn

from tiltyard.attacks import Threat, fab
from tiltyard.attacks.box_projection import step_onto_plane

D = 6
unit = st.floats(0, 1) | st.sampled_from([0.0, 1.0])
weight = st.floats(-3, 3).map(lambda value: round(value, 3))


def step(x: list[float], w: list[float], gap: float, norm: str) -> np.ndarray:
    points, normals, gaps = (torch.tensor(values, dtype=torch.float64) for values in ([x], [w], [gap]))
    return step_onto_plane(points, normals, gaps, norm, (0.0, 1.0))[0].numpy()


def reach(x: list[float], w: list[float], gap: float) -> float:
    """How far towards the plane the box lets one go."""
    return float(sum(abs(b) * (1 - a if b * gap > 0 else a) for a, b in zip(x, w, strict=True)))


cases = given(
    x=st.lists(unit, min_size=D, max_size=D), w=st.lists(weight, min_size=D, max_size=D), gap=st.floats(-4, 4)
)


class TestProjection:
    @settings(deadline=None, max_examples=60)
    @cases
    def test_for_linf_it_is_the_linear_programs(self, x: list[float], w: list[float], gap: float) -> None:
        if reach(x, w, gap) < abs(gap) + 1e-6:
            return
        size = np.r_[np.zeros(D), 1]
        inside = np.block([[np.eye(D), -np.ones((D, 1))], [-np.eye(D), -np.ones((D, 1))]])
        ranges = [(-a, 1 - a) for a in x] + [(0, None)]
        best = linprog(size, inside, np.zeros(2 * D), np.r_[w, 0][None], [gap], ranges)
        found = step(x, w, gap, "linf")
        assert found @ np.array(w) == pytest.approx(gap, abs=1e-8)
        assert np.abs(found).max() == pytest.approx(best.fun, abs=1e-6)

    @settings(deadline=None, max_examples=60)
    @cases
    def test_for_l2_it_is_the_quadratic_programs(self, x: list[float], w: list[float], gap: float) -> None:
        if reach(x, w, gap) < abs(gap) + 1e-3 or 0 < min(abs(b) for b in w if b) < 0.05:
            return
        plane = {"type": "eq", "fun": lambda v: v @ np.array(w) - gap, "jac": lambda v: np.array(w)}
        box = [(-a, 1 - a) for a in x]
        best = minimize(
            lambda v: v @ v, np.zeros(D), jac=lambda v: 2 * v, bounds=box, constraints=plane, options={"ftol": 1e-14}
        )
        found = step(x, w, gap, "l2")
        assert found @ np.array(w) == pytest.approx(gap, abs=1e-8)
        if best.success:
            assert found @ found == pytest.approx(best.fun, abs=1e-6)

    @settings(deadline=None)
    @cases
    def test_it_stays_in_the_box_and_goes_as_far_as_that_allows(
        self, x: list[float], w: list[float], gap: float
    ) -> None:
        for norm in ("linf", "l2"):
            found = step(x, w, gap, norm)
            after = np.array(x) + found
            assert after.min() >= -1e-12
            assert after.max() <= 1 + 1e-12
            gained = found @ np.array(w) * np.sign(gap)
            assert gained == pytest.approx(min(reach(x, w, gap), abs(gap)), abs=1e-7)

    def test_points_may_be_stacked(self) -> None:
        points, normals, gaps = torch.rand(2, 5, D), torch.randn(5, D), torch.randn(2, 5) / 5
        both = step_onto_plane(points, normals, gaps, "linf", (0.0, 1.0))
        for place in range(2):
            alone = step_onto_plane(points[place], normals, gaps[place], "linf", (0.0, 1.0))
            torch.testing.assert_close(both[place], alone)

    def test_a_plane_of_no_direction_moves_nothing(self) -> None:
        for norm in ("linf", "l2"):
            assert not step([0.5] * D, [0.0] * D, 1.0, norm).any()


class Half(nn.Module):
    """Two classes on either side of a plane: the distance to the boundary is known."""

    def __init__(self) -> None:
        super().__init__()
        self.normal = torch.randn(72, generator=torch.Generator().manual_seed(1))

    def forward(self, points: Tensor) -> Tensor:
        side = (points.flatten(1) - 0.5) @ self.normal
        return torch.stack([side, -side], 1)


class TestFab:
    @pytest.mark.parametrize("targets", [0, 9])
    @pytest.mark.parametrize(("norm", "dual"), [("linf", 1), ("l2", 2)])
    def test_on_a_plane_it_breaks_just_what_is_near_enough(self, norm: str, dual: int, targets: int) -> None:
        model = Half()
        x = 0.5 + 0.1 * (images(100) - 0.5)
        logits = model(x)
        y = logits.argmax(1)
        distance = logits.amax(1) / torch.linalg.vector_norm(model.normal, ord=dual)
        eps = float(distance.median())
        found = fab(model, x, y, Threat(norm, eps), steps=15, targets=targets)  # type: ignore[arg-type]
        sure = (distance / eps - 1).abs() > 0.06
        assert torch.equal(found.success[sure], distance[sure] < eps)

    def test_a_step_costs_two_forwards_and_one_backward(self) -> None:
        x = images()
        y = labels(x)
        found = fab(network(), x, y, Threat("linf", 0.002), steps=7, targets=2)
        assert found.forwards is not None
        assert found.backwards is not None
        resists = ~found.success
        assert set(found.forwards[resists].tolist()) == {1 + 2 * 7 * 2}
        assert set(found.backwards[resists].tolist()) == {2 * 7}

    def test_untargeted_a_step_asks_for_every_other_class(self) -> None:
        x = images()
        found = fab(network(), x, labels(x), Threat("linf", 0.002), steps=7, targets=0)
        assert found.forwards is not None
        assert found.backwards is not None
        resists = ~found.success
        assert set(found.forwards[resists].tolist()) == {1 + 7 * 5}
        assert set(found.backwards[resists].tolist()) == {7 * 4}
