"""Rays hit where geometry says, and both engines agree."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search import rays
from core3d_search.errors import InputError, MissingDependencyError
from core3d_search.open3d import load_open3d
from core3d_search.rays import EmbreexScene, Open3DScene, RayScene, ray_scene

QUAD = np.array([[-1, -1, 2], [1, -1, 2], [1, 1, 2], [-1, 1, 2]], np.float32)
TWO = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


@pytest.fixture(params=[EmbreexScene, Open3DScene])
def quad(request: pytest.FixtureRequest) -> RayScene:
    """A square at z = 2, two triangles that share the diagonal x = y."""
    try:
        return request.param(QUAD, TWO)
    except (ModuleNotFoundError, MissingDependencyError) as error:
        pytest.skip(f"this engine does not load here: {error}")


def test_a_ray_meets_the_triangle_at_the_distance_in_its_own_lengths(quad: RayScene) -> None:
    found = quad.intersect((0.25, -0.5, 0), [(0, 0, 1), (0, 0, 4), (0, 0, -1)])
    assert found.distance == pytest.approx([2, 0.5, np.inf])
    assert found.triangle.tolist() == [0, 0, -1]
    assert np.abs(found.normal[:2]).tolist() == [[0, 0, 1]] * 2
    assert found.distance.dtype == found.normal.dtype == found.barycentric.dtype == np.float32


def test_barycentric_weights_give_the_hit_point(quad: RayScene) -> None:
    targets = np.random.default_rng(0).uniform(-1, 1, (50, 3)) * (1, 1, 0) + (0, 0, 2)
    found = quad.intersect(np.zeros(3), targets)
    corners = QUAD[TWO[found.triangle]]
    u, v = found.barycentric.T[..., None]
    assert np.allclose((1 - u - v) * corners[:, 0] + u * corners[:, 1] + v * corners[:, 2], targets, atol=1e-5)


def test_shapes_broadcast(quad: RayScene) -> None:
    found = quad.intersect(np.zeros((4, 1, 3)), np.broadcast_to((0.1, 0.2, 1.0), (5, 3)))
    assert (found.distance.shape, found.triangle.shape) == ((4, 5), (4, 5))
    assert (found.barycentric.shape, found.normal.shape) == ((4, 5, 2), (4, 5, 3))
    assert quad.occluded(np.zeros((4, 1, 3)), np.ones((5, 3))).shape == (4, 5)


def test_what_lies_beyond_the_reach_does_not_occlude(quad: RayScene) -> None:
    ahead = np.array([0.1, 0.2, 1.0])
    assert [bool(quad.occluded(np.zeros(3), ahead, far)) for far in (1.0, 1.9, 2.1)] == [False, False, True]
    assert not quad.occluded(np.zeros(3), -ahead, 100)


def test_no_ray_slips_through_a_shared_edge(quad: RayScene) -> None:
    diagonal = np.linspace(-0.999, 0.999, 2001)
    aimed = np.stack([diagonal, diagonal, np.full_like(diagonal, 2)], -1)
    assert (quad.intersect(np.zeros(3), aimed).triangle >= 0).all()
    assert quad.occluded(np.zeros(3), aimed, 1.001).all()


def test_both_engines_see_the_same_up_to_the_last_bits() -> None:
    rng = np.random.default_rng(4)
    corners = rng.uniform(-3, 3, (300, 1, 3)) + rng.uniform(-0.5, 0.5, (300, 3, 3))
    vertices = corners.reshape(-1, 3).astype(np.float32)
    triangles = np.arange(900, dtype=np.int32).reshape(-1, 3)
    try:
        load_open3d("this test")
        first, second = EmbreexScene(vertices, triangles), Open3DScene(vertices, triangles)
    except (ModuleNotFoundError, MissingDependencyError) as error:
        pytest.skip(f"one of the engines does not load here: {error}")
    origins, directions = rng.uniform(-3, 3, (2, 20_000, 3)).astype(np.float32)
    a, b = first.intersect(origins, directions), second.intersect(origins, directions)
    assert np.array_equal(a.triangle, b.triangle)
    hit = a.triangle >= 0
    assert 0.2 < hit.mean() < 1
    # one is built for AVX-512, the other for AVX2: there the reciprocals differ in the last bits, else in none
    np.testing.assert_array_max_ulp(a.distance[hit], b.distance[hit], 4)
    assert np.allclose(a.normal[hit], b.normal[hit], atol=1e-6)
    assert np.allclose(a.barycentric[hit], b.barycentric[hit], atol=1e-5)
    assert np.array_equal(first.occluded(origins, directions), second.occluded(origins, directions))


def test_open3d_takes_over_where_embreex_has_no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'embreex'", name="embreex")

    monkeypatch.setattr(rays, "EmbreexScene", absent)
    monkeypatch.setattr(rays, "Open3DScene", lambda vertices, triangles: (len(vertices), len(triangles)))
    assert ray_scene(QUAD, TWO) == (4, 2)


@pytest.mark.parametrize(
    ("vertices", "triangles", "message"),
    [
        (QUAD[:, :2], TWO, r"vertices must be \(V, 3\)"),
        (QUAD, TWO[:0], "with T > 0"),
        (QUAD, TWO + 1, "triangles name vertices 1 to 4 of 0 to 3"),
        (QUAD, TWO - 1, "triangles name vertices -1 to 2"),
    ],
)
def test_triangles_that_are_none_are_refused(vertices: np.ndarray, triangles: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ray_scene(vertices, triangles)
