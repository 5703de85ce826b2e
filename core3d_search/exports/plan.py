"""A scene from above, as a picture: its points, the boxes of its objects, their names, and what a search found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import NotFoundError
from core3d_search.geometry import box_corners, level_from_world
from core3d_search.store import Store

if TYPE_CHECKING:
    from core3d_search.datatypes import SceneObject

LONGEST_PX, MARGIN_PX, TITLE_PX, SUPER = 1400, 40, 44, 2
"""Pixels: the longer side of the drawing, what is left around it, the line below; lines are drawn twice as large."""
PAPER, INK, LINE, HIT = (255, 255, 255), (40, 40, 42), (120, 124, 130), (214, 40, 40)
POINT_SHARE = 0.45
"""How strongly points are drawn: they are the ground, boxes and names what is read."""
SCALES_M = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
Pixels = npt.NDArray[np.float64]


def plan_picture(store: Store, scene: str, ranks: Mapping[int, int] | None = None) -> npt.NDArray[np.uint8]:
    """Return (h, w, 3) uint8 RGB: `scene` from above, x to the right and y up the page, metres, up turned to z.

    `ranks` has the place of each object (by id) that a search found, 1 for the first. Raises NotFoundError where the
    scene has no objects, StoreError where there is no such scene.
    """
    from PIL import Image, ImageDraw, ImageFont

    objects = store.objects(scene, with_points=True)
    if not objects:
        raise NotFoundError(f"{scene!r} has no objects to draw")
    turn = level_from_world(store.scene(scene).up)
    outlines = [_outline(item, turn) for item in objects]
    low = np.min([outline.min(axis=0) for outline in outlines], axis=0)
    high = np.max([outline.max(axis=0) for outline in outlines], axis=0)
    scale = (LONGEST_PX - 2 * MARGIN_PX) / max(float((high - low).max()), 1e-6)
    size = np.ceil((high - low) * scale).astype(int) + 2 * MARGIN_PX

    def placed(points: npt.NDArray[np.floating]) -> Pixels:
        return np.column_stack([points[:, 0] - low[0], high[1] - points[:, 1]]) * scale + MARGIN_PX

    picture = Image.fromarray(_ground(objects, turn, placed, (int(size[1]) + TITLE_PX, int(size[0]))))
    large = picture.resize((picture.width * SUPER, picture.height * SUPER))
    draw = ImageDraw.Draw(large)
    found = ranks or {}
    order = sorted(range(len(objects)), key=lambda row: objects[row].id in found)
    for row in order:
        corners = [tuple(SUPER * value for value in corner) for corner in placed(outlines[row]).tolist()]
        hit = objects[row].id in found
        draw.line([*corners, corners[0]], fill=HIT if hit else LINE, width=(4 if hit else 2) * SUPER, joint="curve")
    picture = large.reduce(SUPER)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=14)
    taken: list[tuple[float, float, float, float]] = []
    for row in sorted(order, key=lambda row: (found.get(objects[row].id, 999), -_area(outlines[row]))):
        item = objects[row]
        name = f"{item.label or 'object'} #{item.id}"
        said = f"{found[item.id]}. {name}" if item.id in found else name
        _write(draw, font, said, placed(outlines[row]).mean(axis=0), taken, HIT if item.id in found else INK)
    _legend(draw, font, scene, scale, picture.size)
    return np.asarray(picture)


def _outline(item: SceneObject, turn: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (N, 2) the convex outline of the object's box from above, counter-clockwise, metres."""
    from scipy.spatial import ConvexHull

    corners = (box_corners(item.box) @ turn.T)[:, :2]
    outline: npt.NDArray[np.float64] = corners[ConvexHull(corners, qhull_options="QJ").vertices]
    return outline


def _area(outline: npt.NDArray[np.float64]) -> float:
    x, y = outline.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def _ground(objects: list[SceneObject], turn: npt.NDArray[np.float64], placed: Any, size: tuple[int, int]) -> Any:
    """Return (h, w, 3) uint8: the points of all objects, the highest on top, faint on paper."""
    image = np.full((*size, 3), PAPER, np.float64)
    points = np.concatenate([item.points for item in objects]) @ turn.T
    colors = np.concatenate([item.colors for item in objects])
    upward = np.argsort(points[:, 2], kind="stable")
    columns, rows = np.rint(placed(points[upward])).astype(int).T
    inside = (rows >= 0) & (rows < size[0] - TITLE_PX) & (columns >= 0) & (columns < size[1])
    mixed = POINT_SHARE * colors[upward] + (1 - POINT_SHARE) * np.array(PAPER)
    image[rows[inside], columns[inside]] = mixed[inside]
    return image.astype(np.uint8)


def _write(
    draw: Any, font: Any, text: str, at: Pixels, taken: list[tuple[float, float, float, float]], color: Any
) -> None:
    """Write `text` about `at`, moved up or down to where nothing is written yet; left out where there is no room."""
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left, bottom - top
    for step in (0, 1, -1, 2, -2, 3, -3, 4, -4):
        x, y = at[0] - width / 2, at[1] - height / 2 + step * (height + 3)
        box = (x - 2, y - 2, x + width + 2, y + height + 2)
        if not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            taken.append(box)
            draw.text((x - left, y - top), text, fill=color, font=font, stroke_width=3, stroke_fill=PAPER)
            return


def _legend(draw: Any, font: Any, scene: str, scale: float, size: tuple[int, int]) -> None:
    """Write the scene's name, a bar of a round length, and where x and y go, below the drawing."""
    y = size[1] - TITLE_PX / 2
    metres = max((length for length in SCALES_M if length * scale <= size[0] / 4), default=SCALES_M[0])
    draw.line([(MARGIN_PX, y), (MARGIN_PX + metres * scale, y)], fill=INK, width=3)
    for end in (0.0, metres * scale):
        draw.line([(MARGIN_PX + end, y - 5), (MARGIN_PX + end, y + 5)], fill=INK, width=3)
    text = f"{metres:g} m      {scene}, from above: x to the right, y up"
    draw.text((MARGIN_PX + metres * scale + 12, y - 9), text, fill=INK, font=font)
