"""Every value of the pipeline, with its unit, in one place; stored with every run.

`resolve("built-in", ["masks.min_area_fraction=0.002"])` gives an `IndexConfig`; stages take their own section of it.
Values not given in the paper (arXiv 2509.24528) are ours.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any

from core3d_search.errors import InputError


@dataclass(frozen=True)
class FrameConfig:
    """Which frames of a scene are looked at."""

    stride: int = 1
    """Frames: every how many-th one is read."""
    limit: int | None = None
    """Frames: at most so many are read, spread evenly; null reads all."""
    longest_side_px: int = 640
    """Pixels: larger images are scaled down to this."""

    def positions(self, count: int) -> list[int]:
        """Return which of the `count` frames of a scene are read, in order."""
        chosen = range(0, count, self.stride)
        if self.limit is None or len(chosen) <= self.limit:
            return list(chosen)
        return [chosen[i * len(chosen) // self.limit] for i in range(self.limit)]


@dataclass(frozen=True)
class StructureConfig:
    """Floor, walls and ceiling, found over the whole scene before any mask (indexer/planes.py)."""

    enabled: bool = True
    """Find them, keep them out of masks and drop fused objects that are nothing else."""
    frames: int = 24
    """Frames: how many, spread evenly over the scene, are looked at."""
    tolerance_m: float = 0.03
    """Metres: points so near a plane lie on it; grows with the noise of far depth."""


@dataclass(frozen=True)
class MaskConfig:
    """Masks of one frame: generator, progressive granularity, filters, 3D split (METHOD section 1)."""

    generator: str = "built-in"
    """Registered name of the mask generator."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of the generator."""
    levels: tuple[int, ...] = (2, 4, 6)
    """Granularities that are used, coarse (1) to fine (6)."""
    novelty: tuple[float, ...] = (0.3, 0.5)
    """Fractions, one for each level after the first: a mask that one earlier mask covers more than this is dropped."""
    min_score: float = 0.0
    """Scores in [0, 1] below this are dropped; generators with thresholds of their own leave 0."""
    max_structure: float = 0.6
    """Fraction: masks that show more bare floor, wall or ceiling than this are dropped; 1 keeps all. A generator that
    is told the structure (the built-in one) leaves it out by itself."""
    min_area_fraction: float = 0.0006
    """Fraction of the image: smaller masks are dropped."""
    max_area_fraction: float = 0.9
    """Fraction of the image: larger masks are dropped; 1 keeps all."""
    border_px: int = 0
    """Pixels: masks that lie whole within this margin of the image border are dropped; 0 keeps them."""
    split: bool = True
    """Split masks whose world points fall into separate clusters (DBSCAN)."""
    split_eps_m: float = 0.15
    """Metres: reach of a DBSCAN neighbourhood, at one metre depth or less."""
    split_eps_per_m: float = 0.02
    """Metres a metre of depth: growth of the reach with distance, as the points thin out; 0 is plain DBSCAN."""
    split_min_points: int = 10
    """Points in a DBSCAN neighbourhood that make a core point."""
    split_voxel_m: float = 0.025
    """Metres: points are thinned to this grid before DBSCAN."""


@dataclass(frozen=True)
class CropConfig:
    """The five crops of a mask and their weights (METHOD section 2, equation 4); weight 0 leaves a crop out."""

    mask_weight: float = 0.25
    """Weight of the tight box with everything outside the mask black."""
    box_weight: float = 0.35
    """Weight of the tight box."""
    large_weight: float = 0.25
    """Weight of the box enlarged by `large_scale`."""
    huge_weight: float = 0.15
    """Weight of the box enlarged by `huge_scale`."""
    surroundings_weight: float = 0.10
    """Weight, subtracted, of the box enlarged by `surroundings_scale` with the mask black."""
    large_scale: float = 2.5
    """Ratio of box sides, about the same centre, clipped at the image border."""
    huge_scale: float = 4.0
    """Ratio of box sides, as above."""
    surroundings_scale: float = 3.0
    """Ratio of box sides, as above."""
    batch: int = 64
    """Crops that the encoder sees at once."""
    views: int = 6
    """Best views of an object that are embedded; 0 embeds every observation, as the paper does."""


@dataclass(frozen=True)
class EncoderConfig:
    """The encoder of crops and queries."""

    name: str = "built-in"
    """Registered name of the encoder."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of the encoder."""


@dataclass(frozen=True)
class LiftConfig:
    """Mask pixels to world points."""

    voxel_m: float = 0.025
    """Metres: one point is kept a voxel; at most `fusion.voxel_m`."""
    max_range_m: float = 6.0
    """Metres along the optical axis: farther depth is ignored."""
    step_ratio: float = 0.04
    """Fraction of depth: pixels beside a jump larger than this are flying pixels and are ignored; 0 keeps them."""
    erode_px: int = 1
    """Pixels: rim of each mask that is not lifted, where the mask is large enough to spare it."""
    min_points: int = 10
    """Points after thinning: an observation with fewer is dropped."""


@dataclass(frozen=True)
class FusionConfig:
    """Observations to objects by symmetric voxel overlap (METHOD section 3)."""

    voxel_m: float = 0.025
    """Metres: edge of the voxels whose overlap is measured."""
    gamma: float = 0.3
    """Fraction: each of two must overlap the other by more than this to merge."""
    delta: float = 0.4
    """Fraction: the two overlaps must differ by less than this to merge."""
    min_similarity: float = -1.0
    """Cosine below which two observations never merge; -1 is the paper: no semantic test."""
    min_observations: int = 4
    """Observations that an object needs where the scene has more than `few_frames` frames; a sixth of the frames, but
    3 at least, is enough."""
    few_frames: int = 10
    """Frames: in a scene of so many or fewer one observation is enough."""
    min_voxels: int = 30
    """Voxels: smaller objects are dropped."""
    same_view_m: float = 0.1
    """Metres between cameras up to which two frames may be one viewpoint: its frames count as one look."""
    same_view_degrees: float = 5.0
    """Degrees between the directions of such cameras."""
    repeat_overlap: float = 0.8
    """Fraction: what one viewpoint shows is one thing from this overlap, both ways, before viewpoints are compared."""
    block_viewpoints: int = 32
    """Viewpoints whose observations are compared at once, with each other and with the objects so far."""
    absorb_overlap: float = 0.6
    """Fraction: an object covered this much by a larger one it is never seen apart from joins it; 1 switches off."""
    noise_fraction: float = 0.05
    """Fraction of what was seen of an object: its least repeated voxels up to this share are noise; 0 keeps all."""
    stray_gap_m: float = 0.3
    """Metres: parts of an object farther apart than this are separate clusters."""
    stray_fraction: float = 0.01
    """Fraction of what was seen of an object: clusters that hold less are strays and dropped; 0 keeps all."""
    box_trim: float = 0.01
    """Fraction of what was seen that lies outside each side of an object's box: noise thickens what is thin."""
    box_max_trim_m: float = 0.05
    """Metres that trimming moves a side of the box at most."""
    max_structure: float = 0.9
    """Fraction: objects of which more is bare floor, wall or ceiling are dropped; 1 keeps all."""
    views: int = 5
    """Best views kept for each object."""


@dataclass(frozen=True)
class LabelConfig:
    """The class names that objects are labelled with (METHOD section 4)."""

    vocabulary: tuple[str, ...] = ()
    """Class names; empty takes the encoder's own, or a list of everyday indoor things."""


@dataclass(frozen=True)
class IndexConfig:
    """All sections, in the order in which the pipeline uses them."""

    frames: FrameConfig = FrameConfig()
    structure: StructureConfig = StructureConfig()
    masks: MaskConfig = MaskConfig()
    crops: CropConfig = CropConfig()
    encoder: EncoderConfig = EncoderConfig()
    lifting: LiftConfig = LiftConfig()
    fusion: FusionConfig = FusionConfig()
    labels: LabelConfig = LabelConfig()

    def __post_init__(self) -> None:
        if self.frames.stride < 1 or (self.frames.limit is not None and self.frames.limit < 1):
            raise InputError(f"frames.stride and frames.limit must be at least 1, got {self.frames}")
        levels = self.masks.levels
        if not levels or list(levels) != sorted(set(levels)) or not all(1 <= level <= 6 for level in levels):
            raise InputError(f"masks.levels must rise, within 1 to 6, got {list(levels)}")
        if len(self.masks.novelty) < len(levels) - 1:
            raise InputError(
                f"masks.novelty needs a value for each level after the first: {len(levels) - 1}, "
                f"got {list(self.masks.novelty)}"
            )
        if self.lifting.voxel_m > self.fusion.voxel_m:
            raise InputError(
                f"lifting.voxel_m ({self.lifting.voxel_m}) must be at most fusion.voxel_m ({self.fusion.voxel_m}), "
                "else points are missing from the voxels that are compared"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return nested plain dicts, lists and numbers, for JSON; `from_dict` reads them back."""
        plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> IndexConfig:
        """Return the config that `to_dict` wrote; keys left out take their defaults.

        Raises InputError that names an unknown key or a value of the wrong type.
        """
        config: IndexConfig = _build(cls, plain, "")
        return config


PROFILES: dict[str, IndexConfig] = {
    "built-in": IndexConfig(),
    "fast": IndexConfig(
        frames=FrameConfig(stride=3),
        masks=MaskConfig(levels=(2, 4), novelty=(0.3,)),
        crops=CropConfig(large_weight=0.0, huge_weight=0.0, surroundings_weight=0.0),
    ),
    "core3d": IndexConfig(
        masks=MaskConfig(generator="semantic-sam"),
        encoder=EncoderConfig("open_clip", {"model": "EVA02-L-14", "pretrained": "merged2b_s4b_b131k"}),
    ),
}
"""built-in: nothing to download. fast: fewer frames, levels and crops. core3d: the models of the paper."""


def resolve(profile: str = "built-in", overrides: Iterable[str] = ()) -> IndexConfig:
    """Return the config of a named profile with `section.key=value` strings applied in order.

    Values are read as JSON (`0.5`, `[2, 4]`, `true`, `null`) where they are JSON, else as text. Raises InputError for
    an unknown profile or key, or a value of the wrong type.
    """
    if profile not in PROFILES:
        raise InputError(f"no profile called {profile!r}; there are: {', '.join(PROFILES)}")
    plain = PROFILES[profile].to_dict()
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise InputError(f"an override reads key=value, for example fusion.gamma=0.25; got {override!r}")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        *parents, last = key.strip().split(".")
        target = plain
        for parent in parents:
            target = target.setdefault(parent, {})
            if not isinstance(target, dict):
                raise InputError(f"no config key {key!r}: {parent!r} has no keys below it")
        target[last] = value
    return IndexConfig.from_dict(plain)


def _build(cls: Any, plain: Any, where: str) -> Any:
    """Return dataclass `cls` from a mapping, every value checked against its annotation."""
    if not isinstance(plain, Mapping):
        raise InputError(f"config {where or 'root'} must be a mapping of keys, got {plain!r}")
    annotations = typing.get_type_hints(cls)
    unknown = sorted(set(plain) - set(annotations))
    if unknown:
        known = ", ".join(annotations)
        raise InputError(f"no config key {_join(where, unknown[0])!r}; {where or 'the config'} has: {known}")
    return cls(**{key: _convert(annotations[key], value, _join(where, key)) for key, value in plain.items()})


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _convert(kind: Any, value: Any, where: str) -> Any:
    """Return `value` as the annotated type `kind`; raises InputError where it is of another."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _build(kind, value, where)
    if origin in (typing.Union, UnionType):
        return None if value is None else _convert(next(a for a in arguments if a is not type(None)), value, where)
    if origin is tuple:
        if isinstance(value, (list, tuple)):
            return tuple(_convert(arguments[0], item, where) for item in value)
        raise InputError(f"config {where} must be a list of {arguments[0].__name__}, got {value!r}")
    if origin is not None:
        if isinstance(value, Mapping):
            return dict(value)
        raise InputError(f"config {where} must be a mapping of keys, got {value!r}")
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(f"config {where} must be {kind.__name__}, got {value!r}")
    return value
