"""A scene as binary glTF 2.0 (GLB): a node an object, with its points or its surface, and the edges of its box.

glTF has y up and metres (specification, 3.4). The node of the scene turns the scan's axes so; below it each object's
node is posed as its box, whose edges and points are given in the box's own axes. What is known of the object stands in
the node's extras, its box in the scan's own coordinates. An origin far from zero stands in the extras of the scene's
node and is added to no number, as 32 bits would not hold it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core3d_search.datatypes import Box3D, SceneObject
from core3d_search.exports.json_graph import document
from core3d_search.exports.names import node_name
from core3d_search.exports.scene_graph import SceneGraph
from core3d_search.exports.surface import Surface, owners
from core3d_search.geometry import BOX_EDGES, UNIT_CORNERS, level_from_world

Y_UP_FROM_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


REST = "rest_of_scene"
"""The node of the triangles that belong to no object: floor, walls, what was not found."""


def to_glb(graph: SceneGraph, surface: Surface | None = None) -> bytes:
    """Return the scene as a GLB file; with a `surface`, each object has its triangles in the place of its points."""
    import trimesh

    scene = trimesh.Scene(base_frame="world")
    turn = np.eye(4)
    turn[:3, :3] = Y_UP_FROM_Z_UP @ level_from_world(graph.scene.up)
    origin = None if graph.scene.origin is None else list(graph.scene.origin)
    told: dict[str, Any] = {"scene": graph.scene.name, "up": graph.scene.up and list(graph.scene.up), "origin": origin}
    scene.graph.update(frame_from="world", frame_to="scene", matrix=turn, metadata=told)
    whose = None if surface is None else owners(surface, graph.objects)
    for number, (item, extras) in enumerate(zip(graph.objects, document(graph)["objects"], strict=True)):
        _add_box(scene, item, extras)
        if surface is None or whose is None:
            _add_points(scene, item)
        else:
            _add_surface(scene, f"{node_name(item)}_mesh", surface.part(whose == number), node_name(item), item.box)
    if surface is not None and whose is not None:
        _add_surface(scene, REST, surface.part(whose < 0), "scene")
    return bytes(scene.export(file_type="glb"))


def _add_box(scene: Any, item: SceneObject, extras: dict[str, Any]) -> None:
    """Add the node of an object, with one for its box."""
    import trimesh
    from trimesh.path.entities import Line

    name, box = node_name(item), item.box
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = box.rotation, box.center
    scene.graph.update(frame_from="scene", frame_to=name, matrix=pose, metadata=extras)
    edges = trimesh.path.Path3D(
        entities=[Line(edge) for edge in BOX_EDGES], vertices=UNIT_CORNERS * box.extent, process=False
    )
    scene.add_geometry(edges, node_name=f"{name}_box", geom_name=f"{name}_box", parent_node_name=name)


def _add_points(scene: Any, item: SceneObject) -> None:
    """Add a node with the points of an object, below its own."""
    import trimesh

    if len(item.points):
        name = node_name(item)
        cloud = trimesh.PointCloud((item.points - item.box.center) @ item.box.rotation, colors=item.colors)
        scene.add_geometry(cloud, node_name=f"{name}_points", geom_name=f"{name}_points", parent_node_name=name)


def _add_surface(scene: Any, name: str, part: Surface, parent: str, box: Box3D | None = None) -> None:
    """Add a node with triangles below `parent`, in the axes of `box` where that is what the parent is posed as."""
    import trimesh

    if len(part.triangles):
        vertices = part.vertices if box is None else (part.vertices - box.center) @ box.rotation
        mesh = trimesh.Trimesh(vertices, part.triangles, vertex_colors=part.colors, process=False)
        scene.add_geometry(mesh, node_name=name, geom_name=name, parent_node_name=parent)
