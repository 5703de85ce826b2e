"""The primitives that furniture is built from, against volumes, areas and bounds known by formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core3d_search.synthetic.mesh import Mesh, turn_x, turn_y, turn_z
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import CHROME, DARK, WHITE

LENGTHS = st.floats(0.05, 2.0)


def area(mesh: Mesh) -> float:
    a, b, c = mesh.corners.astype(np.float64).transpose(1, 0, 2)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def volume(mesh: Mesh) -> float:
    """The volume inside a closed mesh about its centre; its triangles are turned outwards by their normals first."""
    corners = mesh.corners.astype(np.float64) - mesh.corners.reshape(-1, 3).mean(0)
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    signed = np.einsum("ij,ij->i", corners[:, 0], face) / 6
    outward = np.sign(np.einsum("ij,ij->i", face, mesh.normals.astype(np.float64).mean(1)))
    return float((signed * outward).sum())


def bounds(mesh: Mesh) -> np.ndarray:
    points = mesh.corners.reshape(-1, 3)
    return np.stack([points.min(0), points.max(0)])


@given(LENGTHS, LENGTHS, LENGTHS)
@settings(max_examples=25, deadline=None)
def test_a_box_has_its_size_area_and_volume(x: float, y: float, z: float) -> None:
    shape = Shape()
    shape.box(WHITE, (x, y, z), (1, 2, 3))
    np.testing.assert_allclose(shape.bounds(), [[1 - x / 2, 2 - y / 2, 3], [1 + x / 2, 2 + y / 2, 3 + z]], atol=1e-6)
    assert area(shape.mesh()) == pytest.approx(2 * (x * y + y * z + z * x), rel=1e-5)
    assert volume(shape.mesh()) == pytest.approx(x * y * z, rel=1e-4)


@given(st.floats(0.05, 1.0), st.floats(0.05, 2.0))
@settings(max_examples=20, deadline=None)
def test_a_cylinder_nears_its_formula_as_its_segments_grow(radius: float, height: float) -> None:
    shape = Shape()
    shape.cylinder(WHITE, radius, height, (0, 0, 0), segments=64)
    assert volume(shape.mesh()) == pytest.approx(np.pi * radius**2 * height, rel=5e-3)
    assert area(shape.mesh()) == pytest.approx(2 * np.pi * radius * (radius + height), rel=5e-3)
    np.testing.assert_allclose(shape.bounds()[:, 2], [0, height], atol=1e-6)


def test_a_frustum_lies_between_its_two_cylinders() -> None:
    shape = Shape()
    shape.cylinder(WHITE, 0.5, 1.0, (0, 0, 0), top=0.25, segments=64)
    assert volume(shape.mesh()) == pytest.approx(np.pi / 3 * (0.25 + 0.125 + 0.0625), rel=5e-3)


@pytest.mark.parametrize("stretch", [(1, 1, 1), (1.5, 1, 0.5)])
def test_a_ball_is_centred_and_stretched(stretch) -> None:
    shape = Shape()
    shape.ball(WHITE, 0.4, (1, 1, 1), stretch=stretch, segments=64)
    assert volume(shape.mesh()) == pytest.approx(4 / 3 * np.pi * 0.4**3 * np.prod(stretch), rel=1e-2)
    np.testing.assert_allclose(shape.bounds().mean(0), [1, 1, 1], atol=2e-3)
    np.testing.assert_allclose(np.diff(shape.bounds(), axis=0)[0], 0.8 * np.array(stretch), rtol=5e-3)


@given(LENGTHS, LENGTHS, LENGTHS, st.floats(0.005, 0.2))
@settings(max_examples=20, deadline=None)
def test_a_cushion_fills_its_box_but_for_the_rounded_edges(x: float, y: float, z: float, radius: float) -> None:
    shape = Shape()
    shape.cushion(WHITE, (x, y, z), (0, 0, 0), radius)
    np.testing.assert_allclose(shape.bounds(), [[-x / 2, -y / 2, 0], [x / 2, y / 2, z]], atol=1e-5)
    assert volume(shape.mesh()) < x * y * z * 1.001
    inner = np.maximum(np.array([x, y, z]) - 2 * min(radius, min(x, y, z) / 2), 0)
    assert volume(shape.mesh()) > np.prod(inner) * 0.999


def test_a_straight_tube_is_a_cylinder_with_flat_ends() -> None:
    shape = Shape()
    shape.tube(WHITE, [(0, 0, 0), (0, 0, 0.5), (0, 0, 1)], 0.1, segments=48)
    np.testing.assert_allclose(shape.bounds(), [[-0.1, -0.1, 0], [0.1, 0.1, 1]], atol=2e-3)
    assert area(shape.mesh()) == pytest.approx(2 * np.pi * 0.1 * 1.1, rel=1e-2)


def test_a_closed_tube_is_a_ring() -> None:
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    shape = Shape()
    shape.tube(WHITE, np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1), 0.1, segments=16, closed=True)
    assert area(shape.mesh()) == pytest.approx(4 * np.pi**2 * 0.1, rel=3e-2)
    assert shape.bounds()[1, 0] == pytest.approx(1.1, abs=5e-3)


def test_a_slab_has_the_area_of_its_outline_twice_and_its_edge() -> None:
    shape = Shape()
    shape.slab(WHITE, [(-1, -0.5), (1, -0.5), (1, 0.5), (-1, 0.5)], 0.1, (0, 0, 0.7))
    assert area(shape.mesh()) == pytest.approx(2 * 2 + 6 * 0.1, rel=1e-5)
    np.testing.assert_allclose(shape.bounds()[:, 2], [0.7, 0.8], atol=1e-6)


def test_normals_are_unit_and_stand_on_their_triangles() -> None:
    shape = Shape()
    shape.box(WHITE, (1, 2, 3), (0, 0, 0), turn=turn_x(0.3))
    shape.cylinder(DARK, 0.3, 1, (2, 0, 0), segments=32)
    mesh = shape.mesh()
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=-1), 1, atol=1e-4)
    face = np.cross(mesh.corners[:, 1] - mesh.corners[:, 0], mesh.corners[:, 2] - mesh.corners[:, 0])
    face /= np.linalg.norm(face, axis=1, keepdims=True)
    assert (np.abs(np.einsum("ij,ikj->ik", face, mesh.normals)) > 0.98).all()


def test_surfaces_are_listed_once_however_often_they_are_used() -> None:
    leg = Shape()
    leg.cylinder(CHROME, 0.02, 0.7, (0, 0, 0))
    table = Shape()
    table.box(WHITE, (1, 1, 0.05), (0, 0, 0.7))
    for x in (-0.4, 0.4):
        table.add(leg, (x, 0, 0))
    table.box(WHITE, (0.1, 0.1, 0.1), (0, 0, 0))
    assert table.surfaces == [WHITE, CHROME]
    assert sorted(set(table.mesh().surfaces.tolist())) == [0, 1]
    assert len(table.solids) == 4
    assert (table.mesh().surfaces == 1).sum() == 2 * (leg.mesh().surfaces == 0).sum()


def test_an_added_copy_is_turned_then_moved() -> None:
    part = Shape()
    part.box(WHITE, (2, 1, 1), (0, 0, 0))
    whole = Shape()
    whole.add(part, (5, 0, 0), turn_z(np.pi / 2))
    np.testing.assert_allclose(whole.bounds(), [[4.5, -1, 0], [5.5, 1, 1]], atol=1e-6)


@pytest.mark.parametrize(("turn", "kept"), [(turn_x, 0), (turn_y, 1), (turn_z, 2)])
def test_turns_keep_their_axis_and_are_right_handed(turn, kept) -> None:
    rotation = turn(0.7)
    np.testing.assert_allclose(rotation @ np.eye(3)[kept], np.eye(3)[kept], atol=1e-12)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    first, second = np.eye(3)[(kept + 1) % 3], np.eye(3)[(kept + 2) % 3]
    np.testing.assert_allclose(turn(np.pi / 2) @ first, second, atol=1e-12)


def test_a_moved_mesh_keeps_its_area_and_surfaces() -> None:
    shape = Shape()
    shape.ball(WHITE, 0.5, (0, 0, 0))
    moved = shape.mesh().moved(turn_y(0.4), (1, 2, 3))
    assert area(moved) == pytest.approx(area(shape.mesh()), rel=1e-4)
    np.testing.assert_allclose(bounds(moved).mean(0), [1, 2, 3], atol=2e-2)
    np.testing.assert_array_equal(moved.surfaces, shape.mesh().surfaces)
