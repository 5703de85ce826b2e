"""What the database holds: scenes, objects, what people say about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core3d_search.search.documents.form import Document, Rectangle, Vector3, Versioned
from core3d_search.search.documents.hits import Box

if TYPE_CHECKING:
    from core3d_search import datatypes, store


@dataclass(frozen=True)
class Scene(Document):
    """One scene."""

    scene: str
    """Its name."""
    format: str
    """Of the scan; core3d formats lists them."""
    path: str | None
    """The folder or file of the scan; over HTTP below the served root, null where it lies elsewhere."""
    up: Vector3 | None
    """Unit direction against gravity in the scan's coordinates, null where unknown."""
    origin: Vector3 | None
    """Metres: what the stored points are measured from, null for zero. Boxes in documents have it added."""
    frame_count: int
    """Frames of the scan, skipped ones too."""
    object_count: int
    """Objects found."""
    indexed: datetime | None
    """Start of the last complete run, null before the first."""

    @classmethod
    def of(cls, record: store.SceneRecord, path: str | None) -> Scene:
        """Return the document of `record`, its scan said to be at `path`."""
        return cls(**_scene_fields(record, path))


@dataclass(frozen=True)
class SceneList(Versioned):
    """Scenes by name."""

    scenes: Sequence[Scene]
    """Those of this page."""
    total: int
    """How many there are on all pages."""
    offset: int = 0
    """How many were passed over."""
    next_offset: int | None = None
    """The offset of the next page, null on the last."""


@dataclass(frozen=True)
class SegmentClass(Document):
    """A class that points were labelled with."""

    number: int
    """Its place among the classes that were asked for, from 0: `class` of the points in the PLY file."""
    name: str
    """As it was asked for."""
    color: str
    """Of its points, #rrggbb."""
    point_count: int
    """Points that have it."""


@dataclass(frozen=True)
class SegmentedObject(Document):
    """The class of an object, and so of its points."""

    object_id: int
    """Its key."""
    number: int
    """That of its class."""
    similarity: float
    """The cosine of its embedding and the name of the class."""


@dataclass(frozen=True)
class Segmentation(Versioned):
    """What each point of a scene's objects is, of the classes that were asked for. Walls and floors are no objects."""

    scene: str
    """The name of the scene."""
    point_count: int
    """Points of all objects."""
    classes: Sequence[SegmentClass]
    """By number."""
    objects: Sequence[SegmentedObject]
    """By id."""


@dataclass(frozen=True)
class SceneCard(Versioned, Scene):
    """One scene, with what is in it and what people say about it."""

    labels: Mapping[str, int]
    """How many objects bear each label, the most frequent first."""
    tags: tuple[str, ...]
    """Sorted."""
    note: str
    """Free text."""
    properties: Mapping[str, Any]
    """Free names and values."""

    @classmethod
    def made(
        cls, record: store.SceneRecord, path: str | None, labels: Mapping[str, int], marks: store.Marks
    ) -> SceneCard:
        """Return the document of a scene whose objects bear `labels`."""
        fields = _scene_fields(record, path)
        return cls(**fields, labels=labels, tags=marks.tags, note=marks.note, properties=dict(marks.properties))


@dataclass(frozen=True)
class Object(Document):
    """One object."""

    object_id: int
    """Its key; it stays when the scene is indexed again."""
    scene: str
    """Name of its scene."""
    label: str | None
    """Best name, null where none is sure enough."""
    label_score: float | None
    """Similarity that chose the label; exactly 1 where the scan's own files gave it."""
    box: Box
    """Where it is."""
    color: str
    """Its dominant colour, #rrggbb."""
    point_count: int
    """Stored points."""
    observation_count: int
    """Detections that it was fused from."""

    @classmethod
    def of(cls, objects: store.StoredObjects, row: int, origin: Vector3 | None) -> Object:
        """Return the document of one row of `objects`, whose scene is measured from `origin`."""
        return cls(**object_fields(objects, row, origin))


@dataclass(frozen=True)
class ObjectList(Versioned):
    """Objects of one scene by id."""

    scene: str
    """Name of the scene."""
    objects: Sequence[Object]
    """Those of this page."""
    total: int
    """How many there are on all pages."""
    offset: int = 0
    """How many were passed over."""
    next_offset: int | None = None
    """The offset of the next page, null on the last."""


@dataclass(frozen=True)
class View(Document):
    """A frame that shows an object well."""

    frame: int
    """Position in the scan."""
    box: Rectangle
    """x0, y0, x1, y1 in pixels of that frame."""
    visible_fraction: float
    """In [0, 1]: how much of the object is seen."""

    @classmethod
    def of(cls, view: datatypes.View) -> View:
        """Return the document of `view`."""
        return cls(view.frame, view.box, view.visible_fraction)


@dataclass(frozen=True)
class Neighbour(Document):
    """Another object nearby, and how the first one lies to it."""

    object_id: int
    """Key of the neighbour."""
    label: str | None
    """Best name of the neighbour."""
    relations: Mapping[str, float]
    """Predicate to score, of those that hold (0.5 or more), best first: "on": the object is on the neighbour."""
    distance_m: float
    """Metres between the boxes, 0 where they touch."""
    center_distance_m: float
    """Metres between the centres."""
    height_difference_m: float
    """Metres by which the object's centre is above the neighbour's."""


@dataclass(frozen=True)
class ObjectCard(Versioned, Object):
    """One object, with all that is known of it."""

    front: Vector3 | None
    """Unit direction that it faces, null where unknown."""
    views: tuple[View, ...]
    """The frames that show it best, best first."""
    has_thumbnail: bool
    """Whether there is a small picture of it."""
    neighbours: tuple[Neighbour, ...]
    """The nearest objects, nearest first."""
    tags: tuple[str, ...]
    """Sorted."""
    note: str
    """Free text."""
    properties: Mapping[str, Any]
    """Free names and values."""


@dataclass(frozen=True)
class Marks(Versioned):
    """What people say about one scene or one object."""

    scene: str | None
    """The scene's name, null for an object."""
    object_id: int | None
    """The object's key, null for a scene."""
    tags: tuple[str, ...]
    """Sorted."""
    note: str
    """Free text."""
    properties: Mapping[str, Any]
    """Free names and values."""

    @classmethod
    def of(cls, about: str | int, marks: store.Marks) -> Marks:
        """Return the document of what is said about a scene (by name) or an object (by id)."""
        scene, object_id = (about, None) if isinstance(about, str) else (None, about)
        return cls(scene, object_id, marks.tags, marks.note, dict(marks.properties))


@dataclass(frozen=True)
class Outline(Document):
    """One object seen from above."""

    object_id: int
    """Its key."""
    label: str | None
    """Its best name."""
    color: str
    """Its dominant colour, #rrggbb."""
    corners: tuple[tuple[float, float], ...]
    """Metres, counter-clockwise: the upright box that encloses the object's own."""
    low_m: float
    """Height of its lowest point."""
    high_m: float
    """Height of its highest point."""


@dataclass(frozen=True)
class Plan(Versioned):
    """A scene seen from above: x to the right, y up the page, metres, in the scan's coordinates turned upright."""

    scene: str
    """Its name."""
    low: tuple[float, float]
    """Least x and y of all outlines."""
    high: tuple[float, float]
    """Greatest x and y."""
    outlines: tuple[Outline, ...]
    """One an object, the largest first, so that smaller ones are drawn over them."""


@dataclass(frozen=True)
class Vocabulary(Versioned):
    """The labels and tags that there are, for filters."""

    labels: tuple[str, ...]
    """Sorted."""
    tags: tuple[str, ...]
    """Sorted; of objects and scenes."""


def hex_color(rgb: Sequence[int]) -> str:
    """Return three values 0..255 as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*(int(value) for value in rgb))


def object_fields(objects: store.StoredObjects, row: int, origin: Vector3 | None) -> dict[str, Any]:
    """Return the fields of `Object` for one row."""
    score = float(objects.label_scores[row])
    return {
        "object_id": int(objects.ids[row]),
        "scene": objects.scenes[row],
        "label": objects.labels[row],
        "label_score": None if score != score else score,
        "box": Box.of(objects.box(row).moved(origin)),
        "color": hex_color(objects.dominant_colors[row]),
        "point_count": int(objects.point_counts[row]),
        "observation_count": int(objects.observation_counts[row]),
    }


def _scene_fields(record: store.SceneRecord, path: str | None) -> dict[str, Any]:
    return {
        "scene": record.name,
        "format": record.format,
        "path": path,
        "up": record.up,
        "origin": record.origin,
        "frame_count": record.frame_count,
        "object_count": record.object_count,
        "indexed": record.indexed,
    }
