"""Every category can be built in every finish that it claims, and looks like a thing of its size."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.errors import InputError
from core3d_search.synthetic.catalogue import CATEGORIES, build
from core3d_search.synthetic.generate import assemble
from core3d_search.synthetic.placement import Arrangement, Placed
from core3d_search.synthetic.render import Renderer, pinhole
from core3d_search.synthetic.surfaces import COLORS, MATERIALS, finish
from core3d_search.synthetic.trajectory import look_at

PLACES = {"wall", "free", "flat", "top", "hung", "ceiling", "opening"}


def alone(name: str, seed: int):
    """Return a room that holds one thing of the category, in its middle or on its far wall."""
    rng = np.random.default_rng(seed)
    arrangement = Arrangement((4.0, 4.0, 2.7), rng)
    model, color, material = build(name, rng)
    kind = CATEGORIES[name]
    on_wall = kind.place in ("hung", "opening")
    y = 4.0 - (model.shape.bounds()[1, 1] if kind.place == "hung" else 0.0) if on_wall else 2.0
    z = {"ceiling": 2.7, "hung": 0.5}.get(kind.place, 0.9 if name == "window" else 0.0)
    arrangement.add(Placed(kind, model, color, material, np.zeros(3), 0.0), (2.0, y, z), 0.0)
    return assemble(arrangement, name, "test", seed)


def test_there_are_at_least_fifty_categories_with_names_of_their_own() -> None:
    names = [word for kind in CATEGORIES.values() for word in (kind.name, *kind.synonyms)]
    assert len(CATEGORIES) >= 50
    assert len(set(names)) == len(names)
    assert {kind.place for kind in CATEGORIES.values()} <= PLACES


def test_finishes_use_only_named_colors_and_materials() -> None:
    for kind in CATEGORIES.values():
        assert set(kind.finishes) <= set(MATERIALS), kind.name
        assert {tone for tones in kind.finishes.values() for tone in tones} <= set(COLORS), kind.name


@pytest.mark.parametrize("name", CATEGORIES)
def test_every_category_varies_is_deterministic_and_stays_plausible(name: str) -> None:
    meshes = []
    for seed in (1, 1, 2, 3):
        model, color, material = build(name, np.random.default_rng(seed))
        assert color in CATEGORIES[name].finishes[material]
        mesh = model.shape.mesh()
        low, high = model.shape.bounds()
        assert np.isfinite(mesh.corners).all()
        assert np.isfinite(mesh.normals).all()
        assert np.allclose(mesh.corners.reshape(-1, 3).min(0), low, atol=1e-5)
        assert np.allclose(mesh.corners.reshape(-1, 3).max(0), high, atol=1e-5)
        assert mesh.surfaces.max() < len(model.shape.surfaces)
        assert 0.04 < np.linalg.norm(high - low) < 3.5
        if CATEGORIES[name].place in ("wall", "free", "flat", "top"):
            assert abs(low[2]) < 0.02, "things that stand begin at the floor"
        for space in model.supports:
            assert all(a < b for a, b in zip(space.low, space.high, strict=True)), space
        meshes.append(mesh)
    assert np.array_equal(meshes[0].corners, meshes[1].corners)
    assert any(
        meshes[0].corners.shape != other.corners.shape or not np.allclose(meshes[0].corners, other.corners)
        for other in meshes[2:]
    )


@pytest.mark.parametrize("name", CATEGORIES)
def test_every_category_fills_a_good_part_of_a_close_picture(name: str) -> None:
    room = alone(name, 4)
    thing = room.objects[0]
    reach = 0.75 * float(np.linalg.norm(thing.box.extent))
    eye = thing.box.center + reach * np.array([0.35, -0.85, 0.35 if CATEGORIES[name].place != "ceiling" else -0.3])
    camera = look_at(eye, thing.box.center), pinhole(96, 72, np.deg2rad(65)), (96, 72)
    frame = Renderer(room).frame(0, *camera, np.random.default_rng(0), noise=False)
    assert (frame.instance == 1).sum() > 300


def test_a_color_looks_like_its_name() -> None:
    rng = np.random.default_rng(0)
    palette = np.array([COLORS[name] for name in COLORS], float)
    for name in COLORS:
        surfaces = [finish("plastic", name, rng) for _ in range(20)]
        encoded = 255 * np.array([surface.color for surface in surfaces]) ** (1 / 2.2)
        nearest = np.linalg.norm(encoded[:, None] - palette, axis=-1).argmin(1)
        assert (nearest == list(COLORS).index(name)).mean() >= 0.8, name


def test_asking_for_what_never_comes_names_the_reason() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="no category called 'dragon'"):
        build("dragon", rng)
    with pytest.raises(InputError, match="'plant' never comes in red"):
        build("plant", rng, color="red")
    _, color, material = build("chair", rng, color="red", material="wood")
    assert (color, material) == ("red", "wood")
