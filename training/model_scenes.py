"""Rooms furnished with other people's models, for training an encoder: who stands where, what light, what camera.

    python training/model_scenes.py --library DIR --out CACHE --scenes 1400

Every scene of a seed is rendered once into `--out` as `SEED.npz`: `pixels` (F, H, W, 3) uint8, `instances` (F, H, W)
uint8 and, by instance number, `names` and `keys`; those that are there are kept, so a stopped run goes on. Models of
the development share stand in scenes of their own (`--development`), so that none is ever seen by training.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.synthetic.surfaces import COLORS, linear
from training.model_rays import Lamp, Patch, Scene
from training.models import Model, Part, indoor_models, load_parts

Floats = npt.NDArray[np.float32]
SIZE = (448, 336)
FRAMES = 6
MIN_AREA = 0.001
HOSTS = ("table", "desk", "cabinet", "chest of drawers", "tv stand", "kitchen island", "counter", "cupboard", "bench")
CEILING = (
    "ceiling lamp",
    "pendant lamp",
    "chandelier",
    "ceiling fan",
    "smoke detector",
    "track lights",
    "paper lantern",
)
LYING = ("rug", "tatami", "doormat", "bath mat")


def turned(angle: float) -> Floats:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)


def random_color(rng: np.random.Generator) -> Floats:
    """Return a linear RGB colour: woods, whites and greys more often than bright ones."""
    drawn = rng.random()
    if drawn < 0.3:
        names: Sequence[str] = ("brown", "beige")
    elif drawn < 0.65:
        names = ("white", "gray", "black", "beige", "silver")
    else:
        names = tuple(COLORS)
    base = np.array(COLORS[str(rng.choice(names))], float)
    jittered = np.clip(base + rng.normal(0, 18, 3) + rng.normal(0, 20), 4, 250)
    return np.array(linear(tuple(jittered)), np.float32)


def planar_uv(corners: Floats) -> Floats:
    """Return (T, 3, 2) metres along the two axes that each triangle faces least."""
    normal = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    axis = normal.argmax(axis=1)
    first = np.where(axis == 0, 1, 0)
    second = np.where(axis == 2, 1, 2)
    rows = np.arange(len(corners))[:, None]
    corner = np.arange(3)[None]
    return np.stack([corners[rows, corner, first[:, None]], corners[rows, corner, second[:, None]]], -1)


class Painter:
    """Paints the parts of a model: as they are, tinted, or, where they are plain, in drawn materials."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def patches(
        self, model: Model, parts: Sequence[Part], turn: Floats, at: Floats, scale: float, instance: int
    ) -> list[Patch]:
        rng = self.rng
        repaint = rng.random() < (0.9 if model.plain else 0.2)
        tint = np.exp(rng.normal(0, 0.12, 3) + rng.normal(0, 0.2)).astype(np.float32)
        chosen: dict[tuple[float, ...], tuple[Floats, Floats, str, float]] = {}
        result = []
        for part in parts:
            color = np.clip(part.color * tint, 0.003, 0.95)
            second, pattern, tile, texture, uvs = color, "plain", 0.5, part.texture, part.uvs
            if repaint and not part.clear and (texture is None or rng.random() < 0.3):
                key = tuple(np.round(part.color, 2))
                if key not in chosen:
                    chosen[key] = self._finish()
                color, second, pattern, tile = chosen[key]
                texture, uvs = None, None
            if uvs is None:
                uvs = planar_uv(part.corners)
            if part.texture is not None and texture is not None and rng.random() < 0.3:
                texture = np.clip(texture * np.exp(rng.normal(0, 0.12, 3)), 0, 255).astype(np.uint8)
            gloss = float(np.clip(part.gloss + rng.uniform(-0.1, 0.3), 0, 1))
            glow = 0.0
            result.append(
                Patch(
                    instance,
                    (part.corners * scale) @ turn.T + at,
                    part.normals @ turn.T,
                    uvs, color, second, pattern, tile, texture, gloss, part.clear, glow,
                )
            )  # fmt: skip
        return result

    def _finish(self) -> tuple[Floats, Floats, str, float]:
        rng = self.rng
        color = random_color(rng)
        pattern = str(rng.choice(["plain", "plain", "grain", "weave", "leather", "marble", "stripes", "plaid"]))
        second = color * np.float32(rng.uniform(0.5, 0.95)) if rng.random() < 0.85 else random_color(rng)
        return color, second, pattern, float(rng.uniform(0.15, 0.8))


class Layout:
    """A room and what has been placed in it, as boxes that must not meet."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.width, self.depth = rng.uniform(2.6, 5.5), rng.uniform(2.6, 5.0)
        self.height = rng.uniform(2.3, 2.9)
        self.boxes: list[tuple[Floats, Floats]] = []
        self.hosts: list[tuple[Floats, Floats, float]] = []

    def free(self, low: Floats, high: Floats) -> bool:
        return (
            all((low >= b - 0.01).any() or (high <= a + 0.01).any() for a, b in self.boxes)
            if False
            else all(bool((low >= b - 0.005).any() or (high <= a + 0.005).any()) for a, b in self.boxes)
        )

    def place(self, model: Model) -> tuple[Floats, Floats, int] | None:
        """Return the turn (3, 3) and place (3,) of a model and how it stands; None where no try fits."""
        rng = self.rng
        w, h, d = model.size
        for _ in range(12):
            small = max(w, h, d) < 0.62 and model.elevation == 0 and not model.opening
            wall = (
                model.opening
                or model.elevation > 0.05
                or model.name in ("picture", "calendar", "whiteboard", "fireplace")
            )
            if model.name in CEILING or (
                model.elevation > 1.7 and h < 1 and "cabinet" not in model.name and not model.opening
            ):
                yaw = rng.uniform(-np.pi, np.pi)
                at = np.array([rng.uniform(0.6, self.width - 0.6), rng.uniform(0.6, self.depth - 0.6), self.height - h])
            elif small and self.hosts and rng.random() < 0.85:
                low, high, top = self.hosts[rng.integers(len(self.hosts))]
                reach = max(w, d) / 2
                if (high - low)[:2].min() < 2 * reach:
                    continue
                yaw = rng.normal(0, 0.7) + rng.choice([0, 0, np.pi / 2, np.pi, -np.pi / 2])
                at = np.array(
                    [rng.uniform(low[0] + reach, high[0] - reach), rng.uniform(low[1] + reach, high[1] - reach), top]
                )
            elif wall or (not small and rng.random() < 0.55):
                side = int(rng.integers(3))  # back, left, right: those that the camera looks at
                yaw = (0.0, np.pi / 2, -np.pi / 2)[side]
                gap = 0.0 if wall else rng.uniform(0.0, 0.1)
                length = self.width if side == 0 else self.depth
                if length < w + 0.1:
                    continue
                along = rng.uniform(w / 2, length - w / 2)
                out = d / 2 + gap
                x, y = ((along, self.depth - out), (out, along), (self.width - out, along))[side]
                up = model.elevation if wall else 0.0
                if wall and model.elevation < 0.05 and not model.opening and model.name != "fireplace":
                    up = rng.uniform(1.0, 1.6)
                if up + h > self.height:
                    up = max(0.0, self.height - h)
                at = np.array([x, y, up])
            else:
                yaw = rng.uniform(-np.pi, np.pi)
                reach = float(np.hypot(w, d)) / 2
                if min(self.width, self.depth) < 2 * reach + 0.1:
                    continue
                at = np.array([rng.uniform(reach, self.width - reach), rng.uniform(reach, self.depth - reach), 0.0])
            turn = turned(yaw)
            half = np.abs(turn) @ np.array([w / 2, d / 2, 0], np.float32)
            low, high = at - half, at + half
            low[2], high[2] = at[2], at[2] + h
            if model.name in LYING or self.free(low.astype(np.float32), high.astype(np.float32)):
                if model.name not in LYING:
                    self.boxes.append((low, high))
                if 0.3 < h < 1.15 and any(model.name.endswith(host) for host in HOSTS):
                    self.hosts.append((low + 0.03, high - 0.03, at[2] + h))
                return turn, at.astype(np.float32), 1 if small else 0
        return None

    def counter(self, rng: np.random.Generator) -> list[Patch]:
        """Return a plain counter along the back wall, on which small things stand."""
        w, d, h = rng.uniform(1.0, 2.2), rng.uniform(0.5, 0.8), rng.uniform(0.45, 0.95)
        x = rng.uniform(w / 2, self.width - w / 2) if self.width > w else self.width / 2
        low = np.array([x - w / 2, self.depth - d - 0.02, 0.0])
        high = np.array([x + w / 2, self.depth - 0.02, h])
        self.boxes.append((low, high))
        self.hosts.append((low, high, h))
        color, second, pattern, tile = Painter(rng)._finish()
        return box_patches(low, high, color, second, pattern, tile)


def box_patches(low: Floats, high: Floats, color: Floats, second: Floats, pattern: str, tile: float) -> list[Patch]:
    quads = []
    for axis in range(3):
        for end in (low, high):
            a, b = (axis + 1) % 3, (axis + 2) % 3
            points = []
            for p, q in ((low, low), (high, low), (high, high), (low, high)):
                point = np.zeros(3)
                point[axis], point[a], point[b] = end[axis], p[a], q[b]
                points.append(point)
            quads.append(points)
    return [quad_patch(quads, color, second, pattern, tile)]


def quad_patch(
    quads: Sequence[Sequence[npt.ArrayLike]],
    color: Floats,
    second: Floats,
    pattern: str,
    tile: float,
    gloss: float = 0.05,
) -> Patch:
    q = np.array(quads, np.float32)
    corners = np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-9
    normals = np.repeat(flat[:, None], 3, axis=1)
    return Patch(0, corners, normals, planar_uv(corners), color, second, pattern, tile, gloss=gloss)


def shell(layout: Layout, rng: np.random.Generator) -> list[Patch]:
    w, d, h = layout.width, layout.depth, layout.height
    o = 4.0  # the room goes on behind the camera

    def finish(patterns: Sequence[str], light: bool) -> tuple[Floats, Floats, str, float]:
        if light and rng.random() < 0.75:
            color = np.array(linear(tuple(np.clip(rng.uniform(185, 245) + rng.normal(0, 10, 3), 0, 250))), np.float32)
        else:
            color = random_color(rng)
        second = color * np.float32(rng.uniform(0.6, 0.97))
        return color, second, str(rng.choice(list(patterns))), float(rng.uniform(0.4, 1.5))

    floor = finish(("planks", "herringbone", "tiles", "plain", "weave", "checker", "planks", "marble"), False)
    wall = finish(("plain", "plain", "plaster", "plaster", "bricks", "stripes", "ornament", "tiles"), True)
    other = wall if rng.random() < 0.6 else finish(("plain", "plaster"), True)
    ceiling = finish(("plain",), True)
    return [
        quad_patch([[(-o, -o, 0), (w + o, -o, 0), (w + o, d, 0), (-o, d, 0)]], *floor, gloss=0.1),
        quad_patch([[(-0.0, d, 0), (w, d, 0), (w, d, h), (0, d, h)]], *wall),
        quad_patch([[(0, -o, 0), (0, d, 0), (0, d, h), (0, -o, h)]], *other),
        quad_patch([[(w, -o, 0), (w, d, 0), (w, d, h), (w, -o, h)]], *wall),
        quad_patch([[(-o, -o, h), (w + o, -o, h), (w + o, d, h), (-o, d, h)]], *ceiling),
        quad_patch([[(-o, -o, 0), (w + o, -o, 0), (w + o, -o, h), (-o, -o, h)]], *wall),
    ]


def compose(
    models: Sequence[Model], chance: Floats, rng: np.random.Generator
) -> tuple[Scene, list[Model], list[tuple[Floats, float]], Layout]:
    """Return a furnished scene, its models by instance number less 1, and where each is (centre, radius)."""
    layout, painter = Layout(rng), Painter(rng)
    patches = shell(layout, rng)
    if rng.random() < 0.8:
        patches += layout.counter(rng)
    drawn = rng.choice(len(models), 16, replace=False, p=chance)
    # large things first, so that small ones find tops
    wanted = sorted((models[i] for i in drawn), key=lambda model: -max(model.size))
    placed: list[Model] = []
    spots = []
    for model in wanted:
        spot = layout.place(model)
        if spot is None:
            continue
        turn, at, _ = spot
        scale = 1.0
        placed.append(model)
        patches += painter.patches(model, load_parts(model), turn, at, scale, len(placed))
        spots.append(
            (at + np.array([0, 0, model.size[1] / 2], np.float32), float(np.linalg.norm(model.size)) / 2, turn)
        )
    warm = np.array([1, rng.uniform(0.85, 1.0), rng.uniform(0.7, 1.05)], np.float32)
    lamps = [
        Lamp(
            np.array(
                [
                    rng.uniform(0.3, layout.width - 0.3),
                    rng.uniform(-1.5, layout.depth - 0.5),
                    rng.uniform(1.6, layout.height - 0.1),
                ],
                np.float32,
            ),
            warm * rng.uniform(0.5, 2.0),
        )
        for _ in range(1 + (rng.random() < 0.5))
    ]
    scene = Scene(patches, lamps, float(rng.uniform(0.25, 0.7)), np.full(3, rng.uniform(0.3, 1.0), np.float32))
    return scene, placed, spots, layout


def camera(
    spot: tuple[Floats, float, Floats], layout: Layout, rng: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """Return a camera's place, its rotation (3, 3; columns right, down, ahead) and focal length in image widths."""
    center, radius, turn = spot
    focal = rng.uniform(0.7, 1.1)
    share = rng.uniform(0.2, 0.9)  # of the image's width that the thing fills
    distance = max(radius * 2 * focal / share, 0.3)
    distance = min(distance, 4.5)
    front = turn @ np.array([0, -1, 0], np.float32)
    bearing = np.arctan2(front[1], front[0]) + rng.normal(0, 0.75)
    height = np.clip(rng.normal(1.45, 0.25), 0.5, 2.1)
    pitch = np.clip(np.arctan2(height - center[2], distance) + rng.normal(0, 0.1), -0.5, 1.15)
    ahead = -np.array([np.cos(pitch) * np.cos(bearing), np.cos(pitch) * np.sin(bearing), np.sin(pitch)])
    at = center - distance * ahead
    at[:2] = np.clip(at[:2], [0.1, -3.5], [layout.width - 0.1, layout.depth - 0.15])
    at[2] = np.clip(at[2], 0.15, layout.height - 0.1)
    target = center + rng.normal(0, 0.25, 3) * radius
    ahead = target - at
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, (0, 0, 1))
    right /= np.linalg.norm(right) + 1e-9
    roll = rng.normal(0, 0.05)
    down = np.cross(ahead, right)
    right, down = np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right
    return at.astype(np.float32), np.stack([right, down, ahead], 1).astype(np.float32), focal


def render_scene(models: Sequence[Model], chance: Floats, seed: int) -> dict[str, npt.NDArray]:
    """Return the arrays of one scene, see the module's docstring."""
    rng = np.random.default_rng([seed, 11])
    scene, placed, spots, layout = compose(models, chance, rng)
    width, height = SIZE
    pixels = np.zeros((FRAMES, height, width, 3), np.uint8)
    instances = np.zeros((FRAMES, height, width), np.uint8)
    order = rng.permutation(len(placed))
    for frame in range(FRAMES):
        at, turn, focal = camera(spots[order[frame % len(order)]], layout, rng)
        x = (np.arange(width) + 0.5 - width / 2) / (focal * width)
        y = (np.arange(height) + 0.5 - height / 2) / (focal * width)
        local = np.stack([*np.meshgrid(x, y), np.ones((height, width))], -1).reshape(-1, 3)
        directions = np.ascontiguousarray((local @ turn.T).astype(np.float32))
        radiance, instance = scene.render(at, directions)
        image = radiance.reshape(height, width, 3)
        middle = np.quantile(image.mean(-1)[::4, ::4], 0.6)
        image = image * (0.36 / max(middle, 1e-3) * rng.uniform(0.7, 1.4))
        image = np.where(image > 0.6, 0.6 + 0.4 * (1 - np.exp(-(np.maximum(image, 0.6) - 0.6) / 0.4)), image)
        pixels[frame] = np.round(255 * np.clip(image, 0, 1) ** (1 / 2.2))
        instances[frame] = instance.reshape(height, width)
    return {
        "pixels": pixels,
        "instances": instances,
        "names": np.array(["", *(model.name for model in placed)]),
        "keys": np.array(["", *(model.key for model in placed)]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True, help="folder that extract_sh3d.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--scenes", type=int, default=1400)
    parser.add_argument("--which", choices=("training", "development", "all"), default="training")
    arguments = parser.parse_args()
    models = indoor_models(arguments.library)
    if arguments.which != "all":
        models = [model for model in models if model.development == (arguments.which == "development")]
    counts = Counter(model.name for model in models)
    chance = np.array([counts[model.name] ** -0.5 for model in models])
    chance /= chance.sum()
    arguments.out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.scenes):
        file = arguments.out / f"{seed}.npz"
        if file.exists():
            continue
        arrays = render_scene(models, chance, seed)
        partial = file.with_suffix(".partial.npz")
        np.savez(partial, **arrays)
        partial.rename(file)
        if seed % 20 == 0:
            print(f"{seed} after {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
