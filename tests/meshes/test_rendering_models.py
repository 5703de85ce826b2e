"""A rendered picture is exactly what the model's geometry, colours and textures say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from mesh_samples import BLUE, GREEN, RED, box, textured_quad

from core3d_search.meshes.loading import load_model
from core3d_search.meshes.model import Material, Model, face_normals
from core3d_search.meshes.prepared import PreparedModel
from core3d_search.meshes.rendering import BACKGROUND, ModelRenderer, Picture, Viewpoint
from core3d_search.meshes.sampling import sample_surface
from core3d_search.meshes.viewpoints import eyes_inside, look_at, pinhole


def hue(color: np.ndarray) -> np.ndarray:
    """Return a colour without its brightness."""
    return np.asarray(color, float)[..., :3] / np.maximum(np.asarray(color, float)[..., :3].max(-1, keepdims=True), 1)


def seen_from(model: Model, eye: tuple[float, ...], target: tuple[float, ...], size: int = 64) -> Picture:
    view = Viewpoint(look_at(eye, target, (0, 1, 0)), pinhole(size, size, 0.6), size, size)
    return ModelRenderer(model).picture(view)


def quads(*layers: tuple[float, float, float, float, float]) -> Model:
    """Return 2 m squares across the z axis, each (z, red, green, blue, opacity)."""
    square = np.array([[(-1, -1), (1, -1), (1, 1)], [(-1, -1), (1, 1), (-1, 1)]], np.float32)
    corners = np.concatenate([np.dstack([square, np.full((2, 3), z, np.float32)]) for z, *_ in layers])
    normals = np.repeat(face_normals(corners)[0][:, None], 3, 1)
    number = np.repeat(np.arange(len(layers), dtype=np.int32), 2)
    materials = tuple(Material(np.array(color, np.float32)) for _, *color in layers)
    uvs, tints = np.zeros((len(corners), 3, 2), np.float32), np.ones((len(corners), 3, 4), np.float32)
    names = tuple(f"layer {k}" for k in range(len(layers)))
    return Model("layers", corners, normals, uvs, tints, number, number, materials, names, np.array((0.0, 1.0, 0.0)))


def test_depth_and_nodes_are_those_of_the_geometry(furniture_glb: Path) -> None:
    model = load_model(furniture_glb)
    picture = seen_from(model, (2, 0.35, 3), (2, 0.35, 0))
    centre = picture.depth[32, 32], model.nodes[picture.node[32, 32]]
    assert centre == (pytest.approx(3 - 0.4, abs=1e-5), "table")
    assert (picture.depth[picture.node < 0] == 0).all()
    assert np.allclose(picture.rgb[picture.node < 0], round(255 * BACKGROUND))
    assert np.allclose(hue(picture.rgb[32, 32]), hue(BLUE), atol=0.02)


def test_a_texture_lies_as_its_coordinates_say(tmp_path: Path) -> None:
    model = load_model(textured_quad(tmp_path))
    picture = seen_from(model, (0.5, 0.5, 2), (0.5, 0.5, 0))
    upper_left, upper_right, lower_left = picture.rgb[24, 24], picture.rgb[24, 40], picture.rgb[40, 24]
    for color, expected in ((upper_left, RED), (upper_right, GREEN), (lower_left, BLUE)):
        assert np.allclose(hue(color), hue(expected), atol=0.03)
    far = seen_from(model, (0.5, 0.5, 300), (0.5, 0.5, 0), 9).rgb[4, 4]
    mean = np.mean([RED[:3], GREEN[:3], BLUE[:3], (255, 255, 255)], axis=0)
    assert np.allclose(hue(far), hue(0.05 * mean + 0.95 * 255 * BACKGROUND), atol=0.3), "far off, the texels melt"


def test_what_lies_behind_glass_shows_and_is_what_depth_measures() -> None:
    behind = seen_from(quads((0.0, 1, 0, 0, 1), (1.0, 0, 0, 1, 0.25)), (0, 0, 3), (0, 0, 0))
    assert behind.depth[32, 32] == pytest.approx(3, abs=1e-4)
    assert behind.node[32, 32] == 0
    red, _, blue = behind.rgb[32, 32].astype(float)
    assert red / blue == pytest.approx(3, rel=0.1)
    alone = seen_from(quads((1.0, 0, 0, 1, 0.25)), (0, 0, 3), (0, 0, 0))
    assert alone.depth[32, 32] == pytest.approx(2, abs=1e-4), "a thing all of glass is still there"
    assert alone.node[32, 32] == 0


def test_pixels_below_the_cutoff_are_no_surface() -> None:
    model = quads((0.0, 1, 0, 0, 1), (1.0, 0, 0, 1, 0.4))
    cut = Model(**{**vars(model), "materials": (model.materials[0], Material(model.materials[1].color, cutoff=0.5))})
    picture = seen_from(cut, (0, 0, 3), (0, 0, 0))
    assert picture.node[32, 32] == 0
    assert np.allclose(hue(picture.rgb[32, 32]), (1, 0, 0), atol=0.01)


def test_points_lie_on_the_surface_evenly_and_always_the_same(furniture_glb: Path) -> None:
    model = load_model(furniture_glb)
    samples = sample_surface(model, 3000)
    again = sample_surface(model, 3000)
    assert np.array_equal(samples.points, again.points)
    share = np.bincount(model.node[samples.triangle], minlength=3) / 3000
    areas = np.bincount(model.node, face_normals(model.corners)[1])
    assert np.allclose(share, areas / areas.sum(), atol=0.01)
    plane = model.corners[samples.triangle]
    normal = face_normals(plane)[0]
    assert np.abs(((samples.points - plane[:, 0]) * normal).sum(-1)).max() < 1e-5


def test_a_thing_is_seen_whole_and_from_all_sides(tmp_path: Path) -> None:
    box((0.5, 0.9, 0.4), (7, 3, 2), RED).export(tmp_path / "stool.glb")
    made = PreparedModel.of(load_model(tmp_path / "stool.glb"))
    assert not made.is_room
    assert len(made.views) == 8
    sides = set()
    for position, view in enumerate(made.views):
        picture = made.picture(position)
        rows, columns = np.nonzero(picture.node >= 0)
        assert min(rows.min(), columns.min()) > 0, "nothing is cut off"
        assert max(rows.max(), columns.max()) < 255
        assert len(rows) > 0.08 * picture.node.size
        away = view.world_from_camera[:3, 3] - (7, 3, 2)
        sides |= {(axis, bool(away[axis] > 0)) for axis in range(3) if abs(away[axis]) > 0.4}
    assert sides >= {(0, False), (0, True), (1, True), (2, False), (2, True)}


def test_a_room_is_seen_from_inside_and_all_of_it(closed_room: Path) -> None:
    made = PreparedModel.of(load_model(closed_room))
    assert made.is_room
    seen = np.zeros(len(made.model.nodes), int)
    for position, view in enumerate(made.views):
        x, y, z = view.world_from_camera[:3, 3]
        assert abs(x) < 1.7
        assert 0.3 < y < 2.2
        assert abs(z) < 1.2
        assert view.world_from_camera[1, 1] < -0.5, "upright: the image's y axis points down"
        seen += np.bincount(made.picture(position).node.ravel() + 1, minlength=len(seen) + 1)[1:] > 100
    assert (seen >= 3).all()


def test_furniture_without_walls_is_no_room(furniture_glb: Path) -> None:
    model = load_model(furniture_glb)
    assert len(eyes_inside(model, ModelRenderer(model).rays)) == 0


def test_a_closed_cupboard_is_no_room(tmp_path: Path) -> None:
    trimesh.creation.box((2.4, 2.2, 0.6)).export(tmp_path / "wardrobe.glb")
    model = load_model(tmp_path / "wardrobe.glb")
    assert len(eyes_inside(model, ModelRenderer(model).rays)) == 0
