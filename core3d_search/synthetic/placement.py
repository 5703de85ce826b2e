"""Puts models into an empty room, one after another, so that nothing touches what it should not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from core3d_search.synthetic.catalogue import CATEGORIES, Category, Model, build
from core3d_search.synthetic.collision import Solids, bounds_of, overlaps, solids_of
from core3d_search.synthetic.mesh import turn_z


@dataclass(eq=False)
class Placed:
    """A model at its place: its origin `at` (3,), turned by `yaw` about z.

    `solids` are as in `RoomObject`; `low` and `high` bound them all.
    """

    kind: Category
    model: Model
    color: str
    material: str
    at: npt.NDArray[np.float64]
    yaw: float
    holder: Placed | None = None
    held: str = ""
    solids: Solids = field(default_factory=lambda: np.zeros((0, 7)))
    low: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    high: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))

    def world(self, local: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return points (..., 3) of the model's frame in the room."""
        return np.asarray(local) @ turn_z(self.yaw).T + self.at


@dataclass(frozen=True)
class Wall:
    """One wall: its left end seen from inside, unit directions to the right and inwards, and its length."""

    start: tuple[float, float]
    along: tuple[float, float]
    inward: tuple[float, float]
    length: float

    @property
    def yaw(self) -> float:
        """The yaw at which a model's front faces into the room."""
        return float(np.arctan2(self.inward[0], -self.inward[1]))

    def point(self, s: float, off: float) -> tuple[float, float]:
        """Return the floor point `s` metres along the wall and `off` metres into the room."""
        x = self.start[0] + s * self.along[0] + off * self.inward[0]
        return x, self.start[1] + s * self.along[1] + off * self.inward[1]


class Arrangement:
    """A room being furnished. Every `put_*` returns what was placed, or None where nothing fitted."""

    def __init__(
        self,
        size: tuple[float, float, float],
        rng: np.random.Generator,
        categories: frozenset[str] | None = None,
        avoided: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        w, d, _ = size
        self.size = size
        self.rng = rng
        self.allowed = categories
        self.avoided = avoided
        self.placed: list[Placed] = []
        self.zones: Solids = np.zeros((0, 7))
        self.walls = (
            Wall((0, d), (1, 0), (0, -1), w),
            Wall((w, d), (0, -1), (-1, 0), d),
            Wall((w, 0), (-1, 0), (0, 1), w),
            Wall((0, 0), (0, 1), (1, 0), d),
        )

    # -- choosing and checking -----------------------------------------------------------------

    def make(self, name: str, color: str | None = None, material: str | None = None) -> Placed | None:
        """Return a new, not yet placed model, or None where the category is not allowed here.

        (category, colour) pairs that are to be avoided come only where `color` asks for them.
        """
        if self.allowed is not None and name not in self.allowed:
            return None
        model, tone, made_of = build(name, self.rng, color=color, material=material)
        while color is None and (name, tone) in self.avoided:
            model, tone, made_of = build(name, self.rng, material=material)
        return Placed(CATEGORIES[name], model, tone, made_of, np.zeros(3), 0.0)

    def fits(self, item: Placed, at: npt.ArrayLike, yaw: float, *, zones: bool = True, room: bool = True) -> bool:
        """Return whether the item is inside the room and clear of everything placed, and of kept-free zones."""
        solids = solids_of(item.model, at, yaw)
        low, high = bounds_of(solids)
        if room and ((low[:2] < 0).any() or (high > np.array(self.size) + 1e-6).any()):
            return False
        if zones and len(self.zones) and overlaps(solids, self.zones).any():
            return False
        return not any(
            (low < other.high).all() and (other.low < high).all() and overlaps(solids, other.solids).any()
            for other in self.placed
        )

    def keep_free(self, x: float, y: float, half_x: float, half_y: float, yaw: float, low: float, high: float) -> None:
        """Reserve a box of air for doors and ways."""
        self.zones = np.concatenate([self.zones, [[x, y, half_x, half_y, yaw, low, high]]])

    def add(self, item: Placed, at: npt.ArrayLike, yaw: float, holder: Placed | None = None, held: str = "") -> Placed:
        """Fix the item where it is known to fit."""
        item.at, item.yaw, item.holder, item.held = np.asarray(at, np.float64), yaw, holder, held
        item.solids = solids_of(item.model, item.at, yaw)
        item.low, item.high = bounds_of(item.solids)
        self.placed.append(item)
        return item

    # -- places --------------------------------------------------------------------------------

    def put_wall(
        self,
        name: str,
        *,
        color: str | None = None,
        wall: int | None = None,
        near: float | None = None,
        front: float = 0.55,
    ) -> Placed | None:
        """Stand a thing with its back to a wall; `near` is a wanted position along it, `front` metres stay free."""
        item = self.make(name, color)
        if item is None:
            return None
        low, high = item.model.bounds
        for attempt in range(40):
            side = self.walls[wall if wall is not None else int(self.rng.integers(4))]
            lo, hi = 0.03 - low[0], side.length - 0.03 - high[0]
            if hi <= lo:
                continue
            if near is not None:
                s = float(np.clip(near + (attempt // 2) * 0.06 * (-1) ** attempt, lo, hi))
            elif self.rng.random() < 0.35:
                s = float(self.rng.choice((lo, hi)))
            else:
                s = float(self.rng.uniform(lo, hi))
            x, y = side.point(s, high[1] + self.rng.uniform(0.01, 0.035))
            if self.fits(item, (x, y, item.model.rest), side.yaw):
                if front:
                    depth = high[1] - low[1]
                    fx, fy = side.point(s, depth + 0.04 + front / 2)
                    ahead = np.array([[fx, fy, (high[0] - low[0]) / 2 - 0.02, front / 2, side.yaw, 0.02, 1.5]])
                    if any(overlaps(ahead, other.solids).any() for other in self.placed if other.kind.place != "flat"):
                        continue
                    self.keep_free(fx, fy, (high[0] - low[0]) / 2 - 0.05, front / 2, side.yaw, 0.02, 1.5)
                return self.add(item, (x, y, item.model.rest), side.yaw)
        return None

    def put_free(
        self, name: str, *, color: str | None = None, margin: float = 0.35, corner: bool = False, zones: bool = True
    ) -> Placed | None:
        """Stand a thing somewhere on the floor, at least `margin` from the walls, or close to a corner."""
        item = self.make(name, color)
        if item is None:
            return None
        low, high = item.model.bounds
        radius = float(np.abs(np.stack([low, high])[:, :2]).max())
        w, d, _ = self.size
        for attempt in range(40):
            if corner:
                along = float(self.rng.uniform(0, 0.15 + 0.05 * attempt))
                off = radius + self.rng.uniform(0.04, 0.12)
                side = self.walls[int(self.rng.integers(4))]
                s = radius + 0.06 + along
                x, y = side.point(s if self.rng.random() < 0.5 else side.length - s, off)
                yaw = side.yaw
            else:
                x = float(self.rng.uniform(margin + radius, max(margin + radius + 0.01, w - margin - radius)))
                y = float(self.rng.uniform(margin + radius, max(margin + radius + 0.01, d - margin - radius)))
                yaw = float(self.rng.integers(4)) * np.pi / 2
            yaw += float(self.rng.normal(0, 0.12)) if item.kind.front else float(self.rng.uniform(-0.3, 0.3))
            if self.fits(item, (x, y, item.model.rest), yaw, zones=zones):
                return self.add(item, (x, y, item.model.rest), yaw)
        return None

    def put_before(
        self,
        name: str,
        anchor: Placed,
        *,
        color: str | None = None,
        gap: float = 0.4,
        facing: bool = False,
        zones: bool = False,
        shift: float = 0.0,
    ) -> Placed | None:
        """Stand a thing `gap` metres before the anchor's front, its own front turned to the anchor if `facing`."""
        item = self.make(name, color)
        if item is None:
            return None
        low, high = item.model.bounds
        edge = anchor.model.bounds[0, 1]
        for attempt in range(20):
            aside = shift + float(self.rng.normal(0, 0.02 + 0.01 * attempt))
            off = edge - gap - (-low[1] if facing else high[1]) - 0.02 * attempt
            x, y, _ = anchor.world((aside, off, 0))
            yaw = anchor.yaw + (np.pi if facing else 0) + float(self.rng.normal(0, 0.06))
            if self.fits(item, (x, y, item.model.rest), yaw, zones=zones):
                return self.add(item, (x, y, item.model.rest), yaw)
        return None

    def put_around(self, name: str, table: Placed, count: int, *, color: str | None = None) -> list[Placed]:
        """Stand up to `count` chairs of one model at the sides of a table, pushed in a little, fronts to the table."""
        pattern = self.make(name, color)
        if pattern is None:
            return []
        low, high = table.model.bounds
        half = (high - low)[:2] / 2
        spots = []
        for side in range(4):
            length, reach = (half[0], half[1]) if side % 2 == 0 else (half[1], half[0])
            seats = max(1, int(2 * length / 0.62)) if abs(half[0] - half[1]) > 0.05 else 1
            spots += [(side, (k + 0.5) / seats * 2 * length - length, reach) for k in range(seats)]
        placed: list[Placed] = []
        for k in self.rng.permutation(len(spots)):
            side, offset, reach = spots[int(k)]
            for pushed in (0.16, 0.06, -0.06, -0.2):
                item = replace(pattern)
                away = reach - pushed + self.rng.uniform(0, 0.05) - item.model.bounds[0, 1]
                x, y, _ = table.world(turn_z(side * np.pi / 2) @ (offset, away, 0))
                yaw = table.yaw + side * np.pi / 2 + float(self.rng.normal(0, 0.06))
                if len(placed) < count and self.fits(item, (x, y, item.model.rest), yaw, zones=False):
                    placed.append(self.add(item, (x, y, item.model.rest), yaw))
                    break
        return placed

    def put_held(
        self,
        name: str,
        holder: Placed,
        held: str = "on",
        *,
        color: str | None = None,
        toward: float | None = None,
        back: bool = False,
    ) -> Placed | None:
        """Put a thing on, inside or under the holder; `toward` in [-1, 1] wants a place along it, `back` its rear."""
        spaces = [space for space in holder.model.supports if space.kind == held]
        if not spaces:
            return None
        item = self.make(name, color)
        if item is None:
            return None
        low, high = item.model.bounds
        for _attempt in range(24):
            space = spaces[int(self.rng.integers(len(spaces)))]
            if high[2] - low[2] > space.high[2] - space.low[2]:
                continue
            yaw = float(self.rng.normal(0, 0.12)) if item.kind.front else float(self.rng.uniform(-0.25, 0.25))
            if held == "inside":
                yaw *= 0.15
            if name in TURNED and self.rng.random() < 0.5:
                yaw += np.pi / 2
            reach = np.abs(np.cos(yaw)) * (high - low)[:2] / 2 + np.abs(np.sin(yaw)) * (high - low)[1::-1] / 2
            mid = turn_z(yaw)[:2, :2] @ ((low + high)[:2] / 2)
            lo = np.array(space.low[:2]) + reach - mid
            hi = np.array(space.high[:2]) - reach - mid
            if (hi < lo).any():
                continue
            spot = self.rng.uniform(lo, hi)
            if toward is not None:
                spot[0] = np.clip(
                    (lo[0] + hi[0]) / 2 + toward * (hi[0] - lo[0]) / 2 + self.rng.normal(0, 0.03), lo[0], hi[0]
                )
            if back:
                spot[1] = hi[1] - abs(self.rng.normal(0, 0.02)) * (hi[1] - lo[1] > 0.03)
            at = holder.world((spot[0], spot[1], space.low[2]))
            at[2] = item.model.rest + (0.0 if held == "under" else at[2] + 0.002)
            if self.fits(item, at, holder.yaw + yaw, zones=False):
                return self.add(item, at, holder.yaw + yaw, holder, held)
        return None

    def put_hung(
        self,
        name: str,
        *,
        color: str | None = None,
        wall: int | None = None,
        over: Placed | None = None,
        height: float | None = None,
        aside: float = 0.0,
    ) -> Placed | None:
        """Hang a thing on a wall at its usual height, or on the wall behind `over` and above it."""
        item = self.make(name, color)
        if item is None:
            return None
        low, high = item.model.bounds
        tall = high[2] - low[2]
        for _attempt in range(40):
            middle = (height if height is not None else item.kind.height) + float(self.rng.normal(0, 0.05))
            if over is not None:
                side = min(self.walls, key=lambda w: abs(np.angle(np.exp(1j * (w.yaw - over.yaw)))))
                s = (over.at[0] - side.start[0]) * side.along[0] + (over.at[1] - side.start[1]) * side.along[1]
                s += aside + float(self.rng.normal(0, 0.06))
                if height is None:
                    middle = max(middle, over.solids[:, 6].max() + 0.12 + tall / 2 + self.rng.uniform(0, 0.15))
            else:
                side = self.walls[wall if wall is not None else int(self.rng.integers(4))]
                s = (
                    float(self.rng.uniform(0.1 - low[0], side.length - 0.1 - high[0]))
                    if side.length > high[0] - low[0] + 0.2
                    else side.length / 2
                )
            bottom = min(max(middle - tall / 2, 0.03), self.size[2] - tall - 0.03) - low[2]
            x, y = side.point(s, high[1] + 0.003)
            if self.fits(item, (x, y, bottom), side.yaw, zones=name not in ("curtain", "radiator")):
                return self.add(item, (x, y, bottom), side.yaw)
        return None

    def put_ceiling(self, name: str, *, over: Placed | None = None, color: str | None = None) -> Placed | None:
        """Hang a lamp from the ceiling, over a thing or near the middle of the room."""
        item = self.make(name, color)
        if item is None:
            return None
        w, d, h = self.size
        for _attempt in range(12):
            middle = over.at[:2] if over is not None else np.array([w, d]) / 2
            x, y = middle + self.rng.normal(0, 0.08, 2)
            if self.fits(item, (x, y, h), 0.0, zones=False):
                return self.add(item, (x, y, h), 0.0)
        return None

    def put_flat(self, name: str, *, under: Placed | None = None, color: str | None = None) -> Placed | None:
        """Lay a rug on the floor, below `under` or in the open; furniture may stand on its edge, so place it first."""
        item = self.make(name, color)
        if item is None:
            return None
        low, high = item.model.bounds
        w, d, _ = self.size
        for _attempt in range(30):
            yaw = (under.yaw if under is not None else 0.0) + float(self.rng.integers(2)) * np.pi / 2
            reach = (high - low)[:2] / 2 if abs(np.sin(yaw)) < 0.5 else (high - low)[1::-1] / 2
            if (reach * 2 + 0.1 > (w, d)).any():
                continue
            middle = (
                under.at[:2] if under is not None else self.rng.uniform(reach + 0.05, np.array([w, d]) - reach - 0.05)
            )
            if self.fits(item, (*middle, item.model.rest), yaw, zones=False):
                return self.add(item, (*middle, item.model.rest), yaw)
        return None

    def put_opening(self, name: str, *, wall: int, color: str | None = None, s: float | None = None) -> Placed | None:
        """Set a window or door into a wall and keep the air before it free of tall things."""
        item = self.make(name, color)
        if item is None:
            return None
        low, high = item.model.bounds
        side = self.walls[wall]
        tall = high[2] - low[2]
        bottom = 0.0 if name == "door" else max(0.85, item.kind.height - tall / 2) - low[2]
        for _attempt in range(20):
            free = (0.12 - low[0], side.length - 0.12 - high[0])
            if name == "window" and side.length > 2.6:
                free = (0.62 - low[0], side.length - 0.62 - high[0])
            if free[1] < free[0]:
                return None
            along = float(self.rng.uniform(*free)) if s is None else float(np.clip(s, *free))
            x, y = side.point(along, 0.0)
            if self.fits(item, (x, y, bottom), side.yaw, room=False):
                half, depth = (high[0] - low[0]) / 2, 0.9 if name == "door" else 0.5
                fx, fy = side.point(along, depth / 2)
                # sofas, beds and desks may stand below a window, nothing taller
                base = 0.02 if name == "door" else max(bottom + 0.25, 1.2)
                self.keep_free(fx, fy, half, depth / 2, side.yaw, base, bottom + tall)
                return self.add(item, (x, y, bottom), side.yaw)
        return None


TURNED = frozenset({"box", "book", "books", "laptop", "blanket", "pillow"})
"""Held things that may also lie a quarter turn round."""
