"""A surface in a GLB: each object has the triangles at its points, the rest is one node, all lie where they were."""

import io

import numpy as np
import pytest
import trimesh
from fakes import BARN, write_objects
from viewer.conftest import filled

from core3d_search.errors import InputError
from core3d_search.exports import Surface, export_scene
from core3d_search.exports.gltf import REST
from core3d_search.exports.names import node_name
from core3d_search.exports.surface import REACH_M, owners
from core3d_search.geometry import level_from_world
from core3d_search.store import Store

Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


@pytest.fixture
def store(known_db):
    with Store.open(known_db) as store:
        write_objects(store, "barn", [filled(item) for item in BARN], (0.0, 1.0, 0.0))
        yield store


@pytest.fixture
def surface(store):
    """Two triangles at a point of each object, and one far from all."""
    starts = [item.points[0] for item in store.objects("barn", with_points=True) for _ in range(2)]
    starts.append(np.array([50.0, 50.0, 50.0]))
    small = REACH_M / 10 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    vertices = np.concatenate([start + small for start in starts]).astype(np.float64)
    colors = np.repeat(np.arange(len(starts), dtype=np.uint8), 3)[:, None] * np.ones(3, np.uint8)
    return Surface(vertices, colors, np.arange(len(vertices)).reshape(-1, 3))


def test_a_triangle_belongs_to_the_object_that_has_points_there(store, surface):
    objects = store.objects("barn", with_points=True)
    assert owners(surface, objects).tolist() == [0, 0, 1, 1, -1]
    assert owners(surface, []).tolist() == [-1] * 5
    assert owners(surface, store.objects("barn")).tolist() == [-1] * 5, "read without points"
    assert len(owners(surface.part(np.zeros(5, bool)), objects)) == 0


def test_a_part_has_only_the_vertices_that_it_uses(surface):
    part = surface.part(np.array([False, True, False, False, True]))
    assert part.triangles.tolist() == [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_array_equal(part.vertices, surface.vertices[[3, 4, 5, 12, 13, 14]])
    assert part.colors[:, 0].tolist() == [1, 1, 1, 4, 4, 4]


def test_triangles_of_a_glb_lie_where_they_were_with_y_up(store, surface):
    data = export_scene(store, "barn", "glb", surface)
    loaded = trimesh.load(io.BytesIO(data), file_type="glb", process=False)
    turn = Y_UP @ level_from_world(store.scene("barn").up)
    names = [node_name(item) for item in store.objects("barn")]
    for node, rows in [(f"{names[0]}_mesh", range(6)), (f"{names[1]}_mesh", range(6, 12)), (REST, range(12, 15))]:
        pose, key = loaded.graph[node]
        mesh = loaded.geometry[key]
        placed = trimesh.transform_points(mesh.vertices, pose)
        np.testing.assert_allclose(placed, surface.vertices[rows] @ turn.T, atol=1e-4)
        assert (mesh.visual.vertex_colors[:, :3] == surface.colors[rows]).all()
    assert not any(name.endswith("_points") for name in loaded.graph.nodes_geometry)
    assert f"{names[0]}_box" in loaded.graph.nodes_geometry


@pytest.mark.parametrize("format", ["json", "csv", "ply", "usd"])
def test_no_other_format_has_surfaces(store, surface, format):
    with pytest.raises(InputError, match=r"\.glb"):
        export_scene(store, "barn", format, surface)
