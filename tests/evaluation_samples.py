"""A tiny scene that is exactly known, written with its truth, and predictions that are right by construction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import format_writers
import numpy as np
from format_writers import frames_folder
from PIL import Image

from core3d_search.datatypes import Box3D, SceneObject
from core3d_search.encoders import Calibration
from core3d_search.evaluation.class_lists import PUBLISHED, published
from core3d_search.evaluation.labelling import class_similarities, phrase
from core3d_search.evaluation.measure import Prediction
from core3d_search.geometry import fit_box
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.frames import Frame
from core3d_search.store import EmbeddingModel, RunRecord, SceneRecord
from core3d_search.synthetic import render_room
from core3d_search.testing.drawing import TABLE_SCENE, draw_solids

EYES = [(2.0, -1.5, 1.6), (1.5, 1.8, 1.7), (-2.0, -1.6, 1.5), (-1.4, 1.9, 1.6), (0.3, -2.2, 1.8)]
LABELS = {1: "table", 2: "mug", 3: "stool"}


def write_table_scene(folder: Path) -> Path:
    """Write the frames, instance images and ground truth of TABLE_SCENE; the floor is nobody's."""
    frames = []
    for position, eye in enumerate(EYES):
        frame, owner = draw_solids(TABLE_SCENE, eye, (-0.1, -0.1, 0.4), position, (240, 320))
        frames.append(frame)
        (folder / "instance").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.maximum(owner, 0).astype(np.uint16)).save(folder / "instance" / f"{position:05}.png")
    frames_folder(folder, frames)
    objects = []
    for key, label in LABELS.items():
        low, high, _ = TABLE_SCENE[key]
        box = Box3D(np.add(low, high) / 2, np.subtract(high, low))
        objects.append({"id": key, "label": label, "box": box.to_dict()})
    (folder / "ground_truth.json").write_text(json.dumps({"objects": objects, "relations": []}))
    (folder / "scene.json").write_text(json.dumps({"name": folder.name, "up": [0, 0, 1]}))
    return folder


def perfect(truth, names=None) -> Prediction:
    """An object for each true thing that shows a point, with its very points, box and class; `names` rename classes."""
    keys = [key for key in sorted(truth.things) if (truth.instances == key).any()]
    points = [truth.points[truth.instances == key] for key in keys]
    similarities = np.zeros((len(keys), len(truth.class_names)), np.float32)
    for row, key in enumerate(keys):
        label = truth.things[key].label
        similarities[row, truth.class_names.index((names or {}).get(label, label))] = 1
    boxes = [truth.things[key].box or fit_box(part) for key, part in zip(keys, points, strict=True)]
    return Prediction(points, boxes, similarities, np.full(len(keys), 5))


REPLICA_NAMES = {
    "office chair": "chair", "coffee table": "table", "side table": "table", "floor lamp": "lamp", "mug": "cup",
    "ceiling lamp": "lamp", "trash can": "bin", "teddy bear": "other",
}  # fmt: skip
"""What Replica calls some things of generated rooms; names in its list stand for themselves, the rest is other."""


@dataclass(frozen=True)
class Piece:
    """One thing or part of the structure of a room: its label and the corners (T, 3, 3) of its triangles."""

    label: str
    corners: np.ndarray


def pieces_of(room) -> list[Piece]:
    """Return structure and things, with large triangles divided, so that labels of vertices lie close together.

    Corners are shaken by a millimetre, so that no place is equally far from two things.
    """
    random = np.random.default_rng(room.seed)
    parts = [Piece(part.label, part.mesh.corners) for part in room.structure]
    parts += [Piece(item.label, item.mesh.corners) for item in room.objects]
    whole = [divided(part.corners) for part in parts]
    shaken = [corners + random.normal(0, 1e-3, corners.shape) for corners in whole]
    return [Piece(part.label, corners) for part, corners in zip(parts, shaken, strict=True)]


def divided(corners: np.ndarray, longest: float = 0.4) -> np.ndarray:
    """Return triangles whose sides are at most `longest` metres."""
    import trimesh

    flat = corners.reshape(-1, 3).astype(np.float64)
    vertices, faces = trimesh.remesh.subdivide_to_size(flat, np.arange(len(flat)).reshape(-1, 3), longest, 12)
    return vertices[faces]


def room_frames(room, count: int = 3) -> list[Frame]:
    """Return a few small exact frames of a room."""
    seen = render_room(room, frames=count, width=160, height=120, noise=False)
    return [Frame(f.index, f.rgb, f.depth, f.intrinsics, f.world_from_camera) for f in seen]


def write_replica(root: Path, scene: str, room) -> None:
    """Write a room as NICE-SLAM renders Replica, and its semantic mesh as the original download holds it."""
    format_writers.replica(root / "new", room_frames(room))
    (root / "new" / "room0").rename(root / scene)
    (root / "new" / "cam_params.json").replace(root / "cam_params.json")
    (root / "new").rmdir()
    habitat = root / f"{scene[:-1]}_{scene[-1]}" / "habitat"
    habitat.mkdir(parents=True)
    pieces = pieces_of(room)
    corners = np.concatenate([piece.corners for piece in pieces]).reshape(-1, 3).astype("<f4")
    faces = np.arange(len(corners), dtype="<i4").reshape(-1, 3)
    rows = np.zeros(len(faces), [("count", "u1"), ("corners", "<i4", 4), ("object", "<i4")])
    rows["count"], rows["corners"] = 4, faces[:, [0, 1, 2, 2]]  # Replica's faces have four corners
    rows["object"] = np.repeat(np.arange(len(pieces)), [len(piece.corners) for piece in pieces])
    header = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(corners)}\nproperty float x\nproperty float y\n"
        f"property float z\nelement face {len(faces)}\nproperty list uchar int vertex_indices\n"
        "property int object_id\nend_header\n"
    )
    (habitat / "mesh_semantic.ply").write_bytes(header.encode() + corners.tobytes() + rows.tobytes())
    known = set(published("replica").names)
    names = [REPLICA_NAMES.get(piece.label, piece.label) for piece in pieces]
    objects = [
        {"id": number, "class_name": name if name in known else "other", "class_id": 1}
        for number, name in enumerate(names)
    ]
    (habitat / "info_semantic.json").write_text(json.dumps({"objects": objects, "classes": []}))


def write_scannet(root: Path, scan: str, room) -> np.ndarray:
    """Write a room as an exported ScanNet scan with its annotations; return aligned_from_scan (4, 4)."""
    made, aligned = format_writers.scannet(root, room_frames(room))
    made.rename(root / scan)
    (root / scan / "scene0001_00.txt").rename(root / scan / f"{scan}.txt")
    pieces = pieces_of(room)
    points = np.concatenate([piece.corners.reshape(-1, 3) for piece in pieces])
    owner = np.repeat(np.arange(len(pieces)), [3 * len(piece.corners) for piece in pieces])
    small, large = published("scannet20"), published("scannet200")
    nyu = dict(zip(small.names, small.numbers, strict=True))
    ids = dict(zip(large.names, large.numbers, strict=True))
    raw = [piece.label for piece in pieces]
    rows = ["id\traw_category\tcategory\tnyu40id"]
    rows += [f"{ids.get(label, '')}\t{label}\t{label}\t{nyu.get(label, 40)}" for label in sorted(set(raw))]
    (root / "scannetv2-labels.combined.tsv").write_text("\n".join(rows) + "\n")
    segments = {"segIndices": (owner * 10).tolist()}
    (root / scan / f"{scan}_vh_clean_2.0.010000.segs.json").write_text(json.dumps(segments))
    groups = [{"id": k, "objectId": k, "label": label, "segments": [k * 10]} for k, label in enumerate(raw)]
    (root / scan / f"{scan}.aggregation.json").write_text(json.dumps({"segGroups": groups}))
    labels = np.array([nyu.get(label, 40) for label in raw])[owner]
    vertices = np.zeros(len(points), [("xyz", "<f4", 3), ("label", "<u2")])
    vertices["xyz"], vertices["label"] = points, labels
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(points)}\n"
    axes = "".join(f"property float {axis}\n" for axis in "xyz")
    plain = np.ascontiguousarray(vertices["xyz"]).tobytes()
    stem = root / scan / f"{scan}_vh_clean_2"
    stem.with_name(f"{stem.name}.ply").write_bytes(f"{header}{axes}end_header\n".encode() + plain)
    labelled = f"{header}{axes}property ushort label\nend_header\n".encode() + vertices.tobytes()
    stem.with_name(f"{stem.name}.labels.ply").write_bytes(labelled)
    return aligned


class ClassEncoder:
    """An encoder whose space has an axis for each class of the published lists: 1 to itself, 0 to others."""

    model_id, checksum = "classes/1", "3" * 64
    words = tuple(dict.fromkeys(phrase(name) for each in PUBLISHED for name in published(each).names))
    dimension = len(words)
    calibration = Calibration(6.0, 0.5, (words[0],))
    vocabulary = words

    @classmethod
    def from_model_id(cls, model_id, **options):
        return cls()

    def encode_texts(self, texts):
        known = {word: row for row, word in enumerate(self.words)}
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            vector[known.get(text, 0)] = 1
        return vectors

    def encode_images(self, images):
        raise NotImplementedError


def perfect_objects(truth, names=None) -> list[SceneObject]:
    """Return an object for each true instance, walls and floors too, with its very points; `names` rename classes."""
    objects = []
    for key in np.unique(truth.instances[truth.instances > 0]).tolist():
        own = truth.instances == key
        counts = np.bincount(truth.classes[own] + 1, minlength=2)[1:]
        label = truth.class_names[counts.argmax()] if counts.any() else "-"
        points = truth.points[own]
        low, high = points.min(axis=0), points.max(axis=0)
        objects.append(
            SceneObject(
                scene=truth.name,
                points=points,
                colors=np.zeros((len(points), 3), np.uint8),
                box=Box3D((low + high) / 2, high - low),
                embedding=ClassEncoder().encode_texts([phrase((names or {}).get(label, label))])[0],
                observation_count=3,
                label=label,
            )
        )
    return objects


def perfect_map(truth, names=None) -> Prediction:
    """Return the perfect objects as a prediction."""
    objects = perfect_objects(truth, names)
    return Prediction(
        [one.points for one in objects],
        [one.box for one in objects],
        class_similarities(np.stack([one.embedding for one in objects]), truth.class_names, ClassEncoder()),
        np.full(len(objects), 3),
    )


def store_perfect(store, reader, truth) -> None:
    """Store the perfect objects as the outcome of a run over the scene's frames."""
    run = RunRecord(
        started=datetime.now(timezone.utc),
        seconds=1.0,
        fingerprint="f",
        config=IndexConfig().to_dict(),
        config_checksum="c",
        mask_generator="none",
        mask_generator_checksum="m",
        frame_count=len(reader),
        stage_seconds={"masks": 1.5},
        model=EmbeddingModel.of(ClassEncoder()),
    )
    record = SceneRecord(reader.name, str(reader.source), reader.format, (0, 0, 1))
    store.write_scene(record, [], run, perfect_objects(truth))
