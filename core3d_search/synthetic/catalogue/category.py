"""What a category is: a parametric builder with its names, finishes and place in a room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import Surface

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Support:
    """A free box in a model's frame where smaller things may stand, on its floor `low[2]`.

    `kind` is "on", "inside" (held by construction) or "under" (the room's floor below the model).
    """

    kind: str
    low: Triple
    high: Triple


@dataclass(frozen=True, eq=False)
class Model:
    """One built piece in its own frame (see `Shape`).

    `hollow` says that its parts, not its whole box, collide: chairs go under such tables, books into such shelves.
    """

    shape: Shape
    supports: tuple[Support, ...] = ()
    hollow: bool = False

    @cached_property
    def bounds(self) -> npt.NDArray[np.float64]:
        """The axis-aligned bounds (2, 3) of the whole model."""
        return self.shape.bounds()

    @cached_property
    def parts(self) -> npt.NDArray[np.float64]:
        """The bounds (K, 2, 3) of what collides."""
        return np.stack(self.shape.solids) if self.hollow else self.bounds[None]

    @property
    def rest(self) -> float:
        """The height of the origin when the model stands on the floor: 0 but for a curved or tilted foot."""
        return float(-self.bounds[0, 2])


Builder = Callable[[np.random.Generator, Surface], Model]


@dataclass(frozen=True, eq=False)
class Category:
    """A kind of thing.

    `finishes` maps each material to the colours it may have. `place` is "wall" (on the floor, its back to a wall),
    "free" (anywhere on the floor), "flat" (a rug), "top" (on other things), "hung" (on a wall), "ceiling" or
    "opening" (in a wall). `height` is the middle of a hung thing above the floor, in metres.
    """

    name: str
    build: Builder
    finishes: Mapping[str, tuple[str, ...]]
    place: str
    front: bool = False
    synonyms: tuple[str, ...] = ()
    height: float = 1.5


REGISTRY: dict[str, Category] = {}


def category(
    name: str,
    *,
    finishes: Mapping[str, tuple[str, ...]],
    place: str,
    front: bool = False,
    synonyms: tuple[str, ...] = (),
    height: float = 1.5,
) -> Callable[[Builder], Builder]:
    """Register the decorated builder as the category `name`."""

    def register(build: Builder) -> Builder:
        REGISTRY[name] = Category(name, build, finishes, place, front, synonyms, height)
        return build

    return register
