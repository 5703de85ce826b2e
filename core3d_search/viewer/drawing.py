"""What one browser's canvas shows, by viser: a room, what stands out in it, and the camera's flights."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import viser

from core3d_search.geometry import BOX_EDGES, UNIT_CORNERS
from core3d_search.viewer.camera import Standpoint, flight
from core3d_search.viewer.highlights import Highlights, Mark
from core3d_search.viewer.room import Room

EDGE_PX, HIT_PX, CHOSEN_PX = 1.0, 4.0, 7.0
FAINT, FILL = (150, 156, 166), 0.16
"""RGB of the boxes of what was not found; how opaque the chosen box is."""
SHAFT_M, HEAD_M = 0.018, 0.05
SMALL_NAME = 0.7
FLIGHT_S, FLIGHT_STEPS = 0.6, 24


class Drawing:
    """The canvas of one browser. Whoever shares it between threads takes turns; flights go on by themselves."""

    def __init__(self, client: viser.ClientHandle) -> None:
        self.client = client
        self._room: list[Any] = []
        self._answer: list[Any] = []
        self._points: viser.PointCloudHandle | None = None
        self._flights = 0

    def draw_room(self, room: Room, point_m: float, boxes: bool, names: bool, named: Collection[int] = ()) -> None:
        """Draw the points of all objects, and if wanted their boxes and the names of those not in `named` (rows)."""
        with self.client.atomic():
            _remove(self._room)
            scene = self.client.scene
            self._points = scene.add_point_cloud(
                "/room/points",
                room.points,
                room.colors,
                point_size=point_m,
                point_shape="circle",
                point_shading="flat",
                precision="float32",
            )
            self._room.append(self._points)
            every = range(len(room.table))
            if boxes:
                edges = edges_of(room, every)
                self._room.append(
                    scene.add_line_segments("/room/boxes", edges, FAINT, thickness=EDGE_PX, thickness_units="screen")
                )
            for row in every if names else ():
                if row not in named:
                    self._room.append(self._name(f"/room/names/{row}", room.name_of(row), room.table.centers[row]))

    def resize_points(self, point_m: float) -> None:
        """Draw points as large as this."""
        if self._points is not None:
            self._points.point_size = point_m

    def draw_answer(self, room: Room, shown: Highlights) -> None:
        """Draw what stands out, in the place of what stood out before: coloured boxes, names, arrows."""
        with self.client.atomic():
            _remove(self._answer)
            scene = self.client.scene
            for place, mark in enumerate(shown.marks):
                self._mark(f"/answer/{place}", room, mark)
                if mark.is_chosen and shown.arrows:
                    ends = np.array([(arrow.start, arrow.end) for arrow in shown.arrows])
                    self._answer.append(
                        scene.add_arrows(
                            "/answer/arrows",
                            ends,
                            mark.color,
                            shaft_radius=SHAFT_M,
                            head_radius=HEAD_M,
                            head_length=2 * HEAD_M,
                        )
                    )
            for place, arrow in enumerate(shown.arrows):
                text = scene.add_label(f"/answer/texts/{place}", arrow.text, position=arrow.at, anchor="center-center")
                self._answer.append(text)

    def _mark(self, name: str, room: Room, mark: Mark) -> None:
        """Draw one box that stands out below the node `name`, with its text; the chosen one is filled."""
        scene = self.client.scene
        thickness = CHOSEN_PX if mark.is_chosen else HIT_PX
        edges = edges_of(room, [mark.row])
        self._answer.append(
            scene.add_line_segments(f"{name}/box", edges, mark.color, thickness=thickness, thickness_units="screen")
        )
        if mark.text:
            self._answer.append(scene.add_label(f"{name}/name", mark.text, position=mark.at, anchor="bottom-center"))
        if mark.is_chosen:
            self._answer.append(
                scene.add_box(
                    f"{name}/fill",
                    mark.color,
                    room.table.extents[mark.row],
                    opacity=FILL,
                    side="double",
                    cast_shadow=False,
                    receive_shadow=False,
                    wxyz=viser.transforms.SO3.from_matrix(room.table.rotations[mark.row]).wxyz,
                    position=room.table.centers[mark.row],
                )
            )

    def _name(self, name: str, text: str, at: npt.NDArray[np.float64]) -> Any:
        """Draw a name that does not stand out."""
        return self.client.scene.add_label(
            name, text, position=at, font_screen_scale=SMALL_NAME, anchor="center-center"
        )

    @property
    def fov(self) -> float:
        """The narrower of the camera's two angles of view, radians."""
        shown = self.client.camera
        across = 2 * np.arctan(np.tan(shown.fov / 2) * shown.image_width / max(1, shown.image_height))
        return float(min(shown.fov, across))

    def look(self, end: Standpoint, at_once: bool = False) -> None:
        """Move the camera there, at once or in a flight, which the next call ends."""
        self.land()
        if at_once:
            self._stand(end)
            return
        shown = self.client.camera
        start = Standpoint(np.array(shown.position), np.array(shown.look_at))
        threading.Thread(target=self._fly, args=(self._flights, start, end), daemon=True).start()

    def land(self) -> None:
        """End the flight that the camera is on."""
        self._flights += 1

    def _fly(self, number: int, start: Standpoint, end: Standpoint) -> None:
        for standpoint in flight(start, end, FLIGHT_STEPS):
            if number != self._flights:
                return
            self._stand(standpoint)
            time.sleep(FLIGHT_S / FLIGHT_STEPS)

    def _stand(self, at: Standpoint) -> None:
        with self.client.atomic():
            self.client.camera.position = at.position
            self.client.camera.look_at = at.target

    def picture(self, patience_s: float) -> npt.NDArray[np.uint8]:
        """Return what the canvas shows, (h, w, 3) uint8 RGB, on white; raises RuntimeError or TimeoutError without."""
        from PIL import Image

        shown = self.client.camera
        size = shown.image_height, shown.image_width
        image = Image.fromarray(self.client.get_render(*size, transport_format="png", timeout=patience_s))
        paper = Image.new("RGBA", image.size, "white")
        return np.asarray(Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB"))


def edges_of(room: Room, rows: Collection[int]) -> npt.NDArray[np.float64]:
    """Return (12 R, 2, 3) the edges of the boxes of R rows."""
    table, chosen = room.table, list(rows)
    local = UNIT_CORNERS * table.extents[chosen][:, None]
    corners = np.einsum("nij,nkj->nki", table.rotations[chosen], local) + table.centers[chosen][:, None]
    edges: npt.NDArray[np.float64] = corners[:, np.array(BOX_EDGES)].reshape(-1, 2, 3)
    return edges


def _remove(drawn: list[Any]) -> None:
    for each in drawn:
        each.remove()
    drawn.clear()
