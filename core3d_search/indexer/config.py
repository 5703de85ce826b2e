"""Every value of the pipeline, with its unit, in one place; stored with every run.

`resolve("built-in", ["masks.min_area_fraction=0.002"])` gives an `IndexConfig`; stages take their own section of it.
Values not given in the paper (arXiv 2509.24528) are ours. A config that is read (`from_dict`, `resolve`) is checked by
pydantic against the types and bounds that stand here; one that is built in Python is a plain dataclass.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Interval

from core3d_search.errors import InputError

Count = Annotated[int, Ge(1)]
Fraction = Annotated[float, Interval(ge=0, le=1)]
Amount = Annotated[float, Ge(0)]
Length = Annotated[float, Interval(gt=0)]


class Section:
    """How pydantic reads a section of the config: every key is known, and no value is bent into another type."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}


@dataclass(frozen=True)
class FrameConfig(Section):
    """Which frames of a scene are looked at."""

    stride: Count = 1
    """Frames: every how many-th one is read."""
    limit: Count | None = None
    """Frames: at most so many are read, spread evenly; null reads all."""
    longest_side_px: Count = 640
    """Pixels: larger images are scaled down to this."""

    def positions(self, count: int) -> list[int]:
        """Return which of the `count` frames of a scene are read, in order."""
        chosen = range(0, count, self.stride)
        if self.limit is None or len(chosen) <= self.limit:
            return list(chosen)
        return [chosen[i * len(chosen) // self.limit] for i in range(self.limit)]


@dataclass(frozen=True)
class StructureConfig(Section):
    """Floor, walls and ceiling, found over the whole scene before any mask (indexer/planes.py)."""

    enabled: bool = True
    """Find them, keep them out of masks and drop fused objects that are nothing else."""
    frames: int = 24
    """Frames: how many, spread evenly over the scene, are looked at."""
    tolerance_m: Length = 0.03
    """Metres: points so near a plane lie on it; grows with the noise of far depth."""


@dataclass(frozen=True)
class MaskConfig(Section):
    """Masks of one frame: generator, progressive granularity, filters, 3D split (docs/method.md section 1)."""

    generator: str = "built-in"
    """Registered name of the mask generator."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of the generator."""
    levels: tuple[int, ...] = (2, 4, 6)
    """Granularities that are used, coarse (1) to fine (6)."""
    novelty: tuple[Fraction, ...] = (0.3, 0.5)
    """Fractions, one for each level after the first: a mask that one earlier mask covers more than this is dropped."""
    min_score: Fraction = 0.0
    """Scores in [0, 1] below this are dropped; generators with thresholds of their own leave 0."""
    max_structure: Fraction = 0.6
    """Fraction: masks that show more bare floor, wall or ceiling than this are dropped; 1 keeps all. A generator that
    is told the structure (the built-in one) leaves it out by itself."""
    min_area_fraction: Fraction = 0.0006
    """Fraction of the image: smaller masks are dropped."""
    max_area_fraction: Fraction = 0.9
    """Fraction of the image: larger masks are dropped; 1 keeps all."""
    border_px: Annotated[int, Ge(0)] = 0
    """Pixels: masks that lie whole within this margin of the image border are dropped; 0 keeps them."""
    split: bool = True
    """Split masks whose world points fall into separate clusters (DBSCAN)."""
    split_eps_m: Length = 0.15
    """Metres: reach of a DBSCAN neighbourhood, at one metre depth or less."""
    split_eps_per_m: Amount = 0.02
    """Metres a metre of depth: growth of the reach with distance, as the points thin out; 0 is plain DBSCAN."""
    split_min_points: Count = 10
    """Points in a DBSCAN neighbourhood that make a core point."""
    split_voxel_m: Length = 0.025
    """Metres: points are thinned to this grid before DBSCAN."""


@dataclass(frozen=True)
class CropConfig(Section):
    """The five crops of a mask and their weights (docs/method.md section 2, equation 4); weight 0 leaves a crop out."""

    mask_weight: Amount = 0.25
    """Weight of the tight box with everything outside the mask black."""
    box_weight: Amount = 0.35
    """Weight of the tight box."""
    large_weight: Amount = 0.25
    """Weight of the box enlarged by `large_scale`."""
    huge_weight: Amount = 0.15
    """Weight of the box enlarged by `huge_scale`."""
    surroundings_weight: Amount = 0.10
    """Weight, subtracted, of the box enlarged by `surroundings_scale` with the mask black."""
    large_scale: Length = 2.5
    """Ratio of box sides, about the same centre, clipped at the image border."""
    huge_scale: Length = 4.0
    """Ratio of box sides, as above."""
    surroundings_scale: Length = 3.0
    """Ratio of box sides, as above."""
    batch: Count = 64
    """Crops that the encoder sees at once."""
    views: Annotated[int, Ge(0)] = 6
    """Best views of an object that are embedded; 0 embeds every observation, as the paper does."""


@dataclass(frozen=True)
class EncoderConfig(Section):
    """The encoder of crops and queries."""

    name: str = "built-in"
    """Registered name of the encoder."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of the encoder."""


@dataclass(frozen=True)
class LiftConfig(Section):
    """Mask pixels to world points."""

    voxel_m: Length = 0.025
    """Metres: one point is kept a voxel; at most `fusion.voxel_m`."""
    max_range_m: Length = 6.0
    """Metres along the optical axis: farther depth is ignored."""
    step_ratio: Amount = 0.04
    """Fraction of depth: pixels beside a jump larger than this are flying pixels and are ignored; 0 keeps them."""
    erode_px: Annotated[int, Ge(0)] = 1
    """Pixels: rim of each mask that is not lifted, where the mask is large enough to spare it."""
    min_points: Count = 10
    """Points after thinning: an observation with fewer is dropped."""


@dataclass(frozen=True)
class FusionConfig(Section):
    """Observations to objects by symmetric voxel overlap (docs/method.md section 3)."""

    voxel_m: Length = 0.025
    """Metres: edge of the voxels whose overlap is measured."""
    gamma: Fraction = 0.3
    """Fraction: each of two must overlap the other by more than this to merge."""
    delta: Fraction = 0.4
    """Fraction: the two overlaps must differ by less than this to merge."""
    min_similarity: Annotated[float, Interval(ge=-1, le=1)] = -1.0
    """Cosine below which two observations never merge; -1 is the paper: no semantic test."""
    min_observations: Count = 4
    """Observations that an object needs where the scene has more than `few_frames` frames; a sixth of the frames, but
    3 at least, is enough."""
    few_frames: Annotated[int, Ge(0)] = 10
    """Frames: in a scene of so many or fewer one observation is enough."""
    min_voxels: Annotated[int, Ge(0)] = 30
    """Voxels: smaller objects are dropped."""
    same_view_m: Amount = 0.1
    """Metres between cameras up to which two frames may be one viewpoint: its frames count as one look."""
    same_view_degrees: Amount = 5.0
    """Degrees between the directions of such cameras."""
    repeat_overlap: Fraction = 0.8
    """Fraction: what one viewpoint shows is one thing from this overlap, both ways, before viewpoints are compared."""
    block_viewpoints: Count = 32
    """Viewpoints whose observations are compared at once, with each other and with the objects so far."""
    absorb_overlap: Fraction = 0.6
    """Fraction: an object covered this much by a larger one it is never seen apart from joins it; 1 switches off."""
    noise_fraction: Fraction = 0.05
    """Fraction of what was seen of an object: its least repeated voxels up to this share are noise; 0 keeps all."""
    stray_gap_m: Length = 0.3
    """Metres: parts of an object farther apart than this are separate clusters."""
    stray_fraction: Fraction = 0.01
    """Fraction of what was seen of an object: clusters that hold less are strays and dropped; 0 keeps all."""
    box_trim: Fraction = 0.01
    """Fraction of what was seen that lies outside each side of an object's box: noise thickens what is thin."""
    box_max_trim_m: Amount = 0.05
    """Metres that trimming moves a side of the box at most."""
    max_structure: Fraction = 0.9
    """Fraction: objects of which more is bare floor, wall or ceiling are dropped; 1 keeps all."""
    views: Annotated[int, Ge(0)] = 5
    """Best views kept for each object."""


@dataclass(frozen=True)
class LabelConfig(Section):
    """The class names that objects are labelled with (docs/method.md section 4)."""

    vocabulary: tuple[str, ...] = ()
    """Class names; empty takes the encoder's own, or a list of everyday indoor things."""


@dataclass(frozen=True)
class ThumbnailConfig(Section):
    """The small picture of each object, cut out of its best view (indexer/thumbnails.py)."""

    enabled: bool = True
    """Make them; they change nothing that is found, and say nothing to whether a scene must be indexed again."""
    longest_side_px: Annotated[int, Interval(ge=16, le=2048)] = 256
    """Pixels: the longer side of a picture."""
    scale: Annotated[float, Interval(ge=1, le=10)] = 1.5
    """Ratio of the side of the cut-out, a square, to the longer side of what the mask of the object fills."""
    min_share: Fraction = 0.15
    """Fraction of the frame's longer side that a cut-out has at least, so that small things show where they are."""
    quality: Annotated[int, Interval(ge=1, le=100)] = 80
    """WebP's quality."""


@dataclass(frozen=True)
class IndexConfig(Section):
    """All sections, in the order in which the pipeline uses them."""

    frames: FrameConfig = FrameConfig()
    structure: StructureConfig = StructureConfig()
    masks: MaskConfig = MaskConfig()
    crops: CropConfig = CropConfig()
    encoder: EncoderConfig = EncoderConfig()
    lifting: LiftConfig = LiftConfig()
    fusion: FusionConfig = FusionConfig()
    labels: LabelConfig = LabelConfig()
    thumbnails: ThumbnailConfig = ThumbnailConfig()

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

        Raises InputError that names every unknown key and every value of the wrong type or out of its bounds.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_json(json.dumps(plain))
        except ValidationError as error:
            raise InputError("; ".join(_refusal(dict(one)) for one in error.errors())) from error


TIGHT_CROPS = CropConfig(mask_weight=0.5, box_weight=0.5, large_weight=0.0, huge_weight=0.0, surroundings_weight=0.0)
"""What the built-in encoder is asked: its wide crops say little (docs/model-card.md), and each costs as much."""

PROFILES: dict[str, IndexConfig] = {
    "built-in": IndexConfig(crops=TIGHT_CROPS),
    "fast": IndexConfig(
        frames=FrameConfig(stride=3),
        masks=MaskConfig(levels=(2, 4), novelty=(0.3,)),
        crops=TIGHT_CROPS,
    ),
    "core3d": IndexConfig(
        masks=MaskConfig(generator="semantic-sam"),
        encoder=EncoderConfig("open_clip", {"model": "EVA02-L-14", "pretrained": "merged2b_s4b_b131k"}),
    ),
}

PROFILE_WORDS = {
    "built-in": "nothing to download",
    "fast": "the same models; fewer frames, levels and crops",
    "core3d": "the models of the paper",
}
"""What each profile is, in a few words."""


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


def _refusal(error: Mapping[str, Any]) -> str:
    """Return what one of pydantic's errors means: which key, what it should be, what it was."""
    parents = error["loc"][:-1]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    if error["type"] != "unexpected_keyword_argument":
        return f"config {where or 'as a whole'} {error['msg'].removeprefix('Input ')}, got {error['input']!r}"
    section: Any = IndexConfig
    for part in parents:
        section = type(getattr(section(), part))
    known = ", ".join(item.name for item in dataclasses.fields(section))
    return f"no config key {where!r}; {'.'.join(parents) or 'the config'} has: {known}"
