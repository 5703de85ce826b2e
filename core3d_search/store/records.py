"""What the store takes and gives, beside `SceneObject`: scenes, frames, runs, observations, models, tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D, checked
from core3d_search.version import __version__

if TYPE_CHECKING:
    from core3d_search.encoders import TextEncoder


@dataclass(frozen=True)
class EmbeddingModel:
    """The space that vectors live in: those of another `name` or `checksum` never meet them.

    `calibration` is the encoder's, as plain values for JSON.
    """

    name: str
    checksum: str
    dimension: int
    calibration: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, encoder: TextEncoder) -> EmbeddingModel:
        """Return the space of `encoder`."""
        calibration = {
            "scale": encoder.calibration.scale,
            "margin": encoder.calibration.margin,
            "neutral_phrases": list(encoder.calibration.neutral_phrases),
        }
        return cls(encoder.model_id, encoder.checksum, encoder.dimension, calibration)

    @property
    def key(self) -> tuple[str, str]:
        """What tells spaces apart."""
        return self.name, self.checksum

    def __str__(self) -> str:
        return f"{self.name} ({self.checksum[:12]})"


@dataclass(frozen=True)
class SceneRecord:
    """A scene: `name` is unique, `path` the absolute folder it was read from, `up` the unit world direction against
    gravity, None where unknown, `origin` (metres) what to add to its coordinates for those of its source, None for
    nothing. The counts, `indexed` (start of the last complete run, None before the first) and `generation` (of the
    store when its content last changed) are filled in by the store."""

    name: str
    path: str
    format: str
    up: tuple[float, float, float] | None = None
    id: int = 0
    frame_count: int = 0
    object_count: int = 0
    indexed: datetime | None = None
    origin: tuple[float, float, float] | None = None
    generation: int = field(default=0, compare=False)


@dataclass(frozen=True)
class SearchableScene:
    """What a search knows of a scene before it looks into it: its `up` (see SceneRecord), the store's generation when
    its content last changed, the model of its embeddings, how many objects its last complete run found, and the
    `stamp` of that run: a scene of the same id and stamp has the same objects and embeddings. `origin` as there."""

    id: int
    name: str
    up: tuple[float, float, float] | None
    generation: int
    model: EmbeddingModel
    object_count: int
    stamp: int
    origin: tuple[float, float, float] | None = None


@dataclass(frozen=True, eq=False)
class FrameRecord:
    """A frame: `number` within the scene; `intrinsics` (3, 3) pixels and `world_from_camera` (4, 4) where it was
    read, `skip_reason` where it was not used."""

    number: int
    height: int | None = None
    width: int | None = None
    intrinsics: npt.NDArray[np.float64] | None = None
    world_from_camera: npt.NDArray[np.float64] | None = None
    skip_reason: str | None = None

    def __post_init__(self) -> None:
        for name, shape in (("intrinsics", (3, 3)), ("world_from_camera", (4, 4))):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, checked(name, getattr(self, name), shape, np.float64))


@dataclass(frozen=True)
class RunRecord:
    """One execution on one scene.

    `fingerprint` is the reader's, of the input; `config` the resolved configuration; `config_checksum` must cover
    everything else that decides the result: configuration, mask generator, encoder. `started` carries a time zone.
    """

    started: datetime
    seconds: float
    fingerprint: str
    config: Mapping[str, Any]
    config_checksum: str
    mask_generator: str
    mask_generator_checksum: str
    frame_count: int = 0
    skipped_count: int = 0
    mask_count: int = 0
    observation_count: int = 0
    object_count: int = 0
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    library_versions: Mapping[str, str] = field(default_factory=dict)
    core3d_version: str = __version__
    status: Literal["complete", "failed"] = "complete"
    error: str | None = None
    model: EmbeddingModel | None = None
    id: int = 0


@dataclass(frozen=True, eq=False)
class ObservationRecord:
    """A detection that became part of an object: the frame's `number`, mask `level` and `score`, xyxy pixel `box`,
    and its unit `embedding` (D,) where kept."""

    frame: int
    level: int
    score: float
    box: tuple[float, float, float, float]
    visible_pixels: int
    embedding: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Thumbnail:
    """A small picture of an object in the frame that shows it best: a WebP file of `width` x `height` pixels."""

    webp: bytes
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class StoredObjects:
    """N objects as arrays, in the order of their ids: all that ranking needs, without points.

    `ids` (N,) int64 ascending; `scenes` and `labels` of length N; `label_scores` (N,) NaN where there is none;
    `centers`, `extents` (N, 3) metres; `rotations` (N, 3, 3) world_from_box; `fronts` (N, 3) NaN where unknown;
    `observation_counts`, `point_counts` (N,); `mean_colors`, `dominant_colors` (N, 3) uint8 RGB.
    """

    ids: npt.NDArray[np.int64]
    scenes: tuple[str, ...]
    labels: tuple[str | None, ...]
    label_scores: npt.NDArray[np.float64]
    centers: npt.NDArray[np.float64]
    extents: npt.NDArray[np.float64]
    rotations: npt.NDArray[np.float64]
    fronts: npt.NDArray[np.float64]
    observation_counts: npt.NDArray[np.int64]
    point_counts: npt.NDArray[np.int64]
    mean_colors: npt.NDArray[np.uint8]
    dominant_colors: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ids)

    def among(self, chosen: npt.NDArray[np.bool_]) -> StoredObjects:
        """Return the objects at the positions that are true in `chosen` (N,)."""
        kept = np.flatnonzero(chosen)
        if len(kept) == len(self):
            return self
        parts: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        for name, values in parts.items():
            is_array = isinstance(values, np.ndarray)
            parts[name] = values[kept] if is_array else tuple(values[k] for k in kept.tolist())
        return StoredObjects(**parts)

    def box(self, position: int) -> Box3D:
        """Return the box of the object at `position`."""
        return Box3D(self.centers[position], self.extents[position], self.rotations[position])

    def positions(self, ids: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return where each of `ids` stands in the arrays, -1 for one that is not there."""
        wanted = np.asarray(ids, np.int64)
        found = np.minimum(np.searchsorted(self.ids, wanted), max(len(self.ids) - 1, 0))
        if not len(self.ids):
            return np.full(wanted.shape, -1, np.int64)
        return np.where(self.ids[found] == wanted, found, -1)


@dataclass(frozen=True, eq=False)
class StoredEmbeddings:
    """Embeddings of one model at one `generation`: `ids` (N,) int64 ascending, `vectors` (N, D) float32 unit, and
    the `scene_ids` (N,) of their objects."""

    ids: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    generation: int
    scene_ids: npt.NDArray[np.int64]


@dataclass(frozen=True)
class IndexStamp:
    """What the database says about a vector index file: the generation and count it covers, its SHA-256."""

    generation: int
    count: int
    checksum: str


@dataclass(frozen=True)
class StoreInfo:
    """Where and what the database is; `counts` has one entry a table, `size_bytes` is None on a server."""

    url: str
    size_bytes: int | None
    revision: str
    generation: int
    written_by: str
    counts: Mapping[str, int]
    models: tuple[EmbeddingModel, ...]
