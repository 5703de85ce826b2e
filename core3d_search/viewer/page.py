"""One browser's page: a field to search with, the hits, the card of the chosen object, and the room in 3D."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import viser

from core3d_search.datatypes import Hit
from core3d_search.errors import Core3DError
from core3d_search.search.asking import Asked, ask, checked_request
from core3d_search.search.catalogue import object_card
from core3d_search.search.documents import SearchRequest
from core3d_search.viewer import camera
from core3d_search.viewer.card import card, note
from core3d_search.viewer.drawing import Drawing
from core3d_search.viewer.highlights import highlights, score_color
from core3d_search.viewer.room import Room, Rooms, picked

MOST_HITS = 8
"""Hits that are shown: more boxes hide each other."""
POINT_MM = 12.0
RENDER_S = 30.0
"""Seconds that a browser has for a screenshot."""
HOW = (
    "Type what you look for, for example “red chair near window”, and press Enter. Click an object for its card; "
    "drag turns, the wheel zooms."
)
WHOLE, SCREENSHOT = "Whole scene", "Screenshot"
P = ParamSpec("P")


@dataclass(frozen=True)
class Beginning:
    """What a page begins with: a scene, which searches are then bound to, and a text to search for."""

    scene: str | None = None
    text: str = ""


def told(method: Callable[Concatenate[Page, P], None]) -> Callable[Concatenate[Page, P], None]:
    """Let a page say what core3d refuses, in the place where answers stand."""

    @wraps(method)
    def run(self: Page, /, *arguments: P.args, **options: P.kwargs) -> None:
        try:
            method(self, *arguments, **options)
        except Core3DError as error:
            self.say(str(error))

    return run


class Page:
    """What one browser shows; every browser has its own. Its methods may be called from any thread."""

    def __init__(self, client: viser.ClientHandle, rooms: Rooms, beginning: Beginning) -> None:
        self.client, self.rooms, self.searcher = client, rooms, rooms.searcher
        self.drawing = Drawing(client)
        self._lock = threading.RLock()
        self._hits: tuple[Hit, ...] = ()
        self._chosen: int | None = None
        names = rooms.names()
        self.room: Room = rooms.room(beginning.scene or names[0])
        self._controls(names, beginning)
        self._draw_room()
        self.drawing.look(camera.whole(self.room, self.drawing.fov), at_once=True)
        client.scene.on_click()(lambda event: self.click(event.ray_origin, event.ray_direction))
        if beginning.text:
            self.search(beginning.text)

    def _controls(self, names: list[str], beginning: Beginning) -> None:
        """Make the panel: the search, the scene, the answer, the hits, the card, how it is drawn."""
        gui = self.client.gui
        with gui.add_form(None) as form:
            self._text = gui.add_text("Find", beginning.text)
            button = gui.add_button("Search", icon=viser.Icon.SEARCH)
        form.on_submit(lambda _: self.search(self._text.value))
        button.on_click(lambda _: self.search(self._text.value))
        self._scene = gui.add_dropdown("Scene", names, initial_value=self.room.name)
        self._scene.on_update(lambda _: self.show(self._scene.value))
        only = beginning.scene is not None
        self._only = gui.add_checkbox("Only this scene", only, hint="else all scenes are searched")
        more = gui.add_button_group("", (WHOLE, SCREENSHOT))
        more.on_click(lambda _: self.show_all() if more.value == WHOLE else self.screenshot())
        self._status = gui.add_html(note(HOW))
        self._buttons = [gui.add_button("", visible=False) for _ in range(MOST_HITS)]
        for place, each in enumerate(self._buttons):
            each.on_click(self._chooser(place))
        self._card = gui.add_html("")
        with gui.add_folder("View", expand_by_default=False):
            self._boxes = gui.add_checkbox("All boxes", True)
            self._names = gui.add_checkbox("All names", False)
            self._size = gui.add_slider("Points (mm)", 1.0, 40.0, 1.0, POINT_MM)
        self._boxes.on_update(lambda _: self._draw_room())
        self._names.on_update(lambda _: self._draw_room())
        self._size.on_update(lambda _: self.drawing.resize_points(self._size.value / 1e3))

    def _chooser(self, place: int) -> Callable[[Any], None]:
        return lambda _: self.choose_hit(place)

    # What a user does

    @told
    def search(self, text: str) -> None:
        """Find what fits a text, show the scene of the first hit, and fly there."""
        if not text.strip():
            self.say(HOW)
            return
        with self._lock:
            scenes = [self.room.name] if self._only.value else None
            values = {"text": text, "k": MOST_HITS, "scenes": scenes}
            asked = ask(self.searcher, checked_request(SearchRequest, values))
            self._hits = asked.hits
            self._status.content = note(answer_line(asked, scenes), strong=True)
            self._list_hits()
            if asked.hits:
                self._choose(asked.hits[0].object_id, asked.hits[0].scene)
            else:
                self._choose_none()

    @told
    def show(self, scene: str) -> None:
        """Show another scene; the hits stay."""
        with self._lock:
            if scene != self.room.name:
                self._enter(scene)
                self._choose_none()
                self.drawing.look(camera.whole(self.room, self.drawing.fov), at_once=True)

    @told
    def click(self, origin: tuple[float, float, float], direction: tuple[float, float, float]) -> None:
        """Choose the object that is seen along a ray; a click into the void chooses none."""
        with self._lock:
            found = picked(self.room, origin, direction)
            if found is not None:
                self._choose(found, self.room.name, fly=False)
            elif self._chosen is not None:
                self._choose_none()

    @told
    def choose_hit(self, place: int) -> None:
        """Choose the hit at a place of the list, and fly to it."""
        with self._lock:
            if place < len(self._hits):
                self._choose(self._hits[place].object_id, self._hits[place].scene)

    def show_all(self) -> None:
        """Fly to where all of the scene is seen."""
        self.drawing.look(camera.whole(self.room, self.drawing.fov))

    def screenshot(self) -> None:
        """Let the browser save what it shows, without the panel, as PNG."""
        from PIL import Image

        try:
            picture = self.drawing.picture(RENDER_S)
        except (RuntimeError, TimeoutError) as error:
            self.say(f"the browser gave no picture: {error}")
            return
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        self.client.send_file_download(f"{file_name(self.room.name)}.png", file.getvalue(), save_immediately=True)

    def say(self, text: str) -> None:
        """Show a line where answers stand."""
        self._status.content = note(text)

    # What is shown then

    def _choose(self, object_id: int, scene: str, fly: bool = True) -> None:
        """Show the card of an object, its arrows, and the scene it is in."""
        if self.rooms.room(scene) is not self.room:  # another one, or indexed again
            self._enter(scene)
        item = object_card(self.searcher, object_id)
        found = [(rank, hit) for rank, hit in enumerate(self._hits, 1) if hit.object_id == object_id]
        rank, hit = found[0] if found else (None, None)
        self._chosen = object_id
        self._card.content = card(item, self.searcher.store.thumbnail(object_id), hit, rank)
        shown = highlights(self.room, self._hits, object_id, item.neighbours)
        self.drawing.draw_answer(self.room, shown)
        if fly and shown.focus:
            self.drawing.look(camera.facing(self.room, shown.focus, self.drawing.fov))

    def _choose_none(self) -> None:
        """Show the hits alone."""
        self._chosen = None
        self._card.content = ""
        self.drawing.draw_answer(self.room, highlights(self.room, self._hits))

    def _enter(self, scene: str) -> None:
        """Draw another scene."""
        self.room = self.rooms.room(scene)
        self._draw_room()
        if scene not in self._scene.options:
            self._scene.options = self.rooms.names()
        self._scene.value = scene  # type: ignore[misc]

    def _draw_room(self) -> None:
        with self._lock:
            marked = {mark.row for mark in highlights(self.room, self._hits, self._chosen).marks}
            self.drawing.draw_room(
                self.room, self._size.value / 1e3, boxes=self._boxes.value, names=self._names.value, named=marked
            )

    def _list_hits(self) -> None:
        """Put the hits on the buttons, in the colours of their boxes."""
        for place, button in enumerate(self._buttons):
            hit = self._hits[place] if place < len(self._hits) else None
            button.visible = hit is not None
            if hit is not None:
                name = f"{hit.label or 'object'} #{hit.object_id}"
                button.label = f"{place + 1}. {name} · {hit.scene} · {hit.score:.2f}"
                button.color = score_color(hit.score)


def answer_line(asked: Asked, scenes: list[str] | None) -> str:
    """Return what a search in `scenes`, None for all, found, in one line."""
    words = asked.explanation.query.unparsed
    aside = f" Not understood: {', '.join(words)}." if words else ""
    if asked.answer is not None:
        return asked.answer.text + aside
    if asked.hits:
        more = ", the best of more" if asked.more else ""
        return f"{len(asked.hits)} found{more}; red boxes fit best, blue ones least.{aside}"
    where = f" in {scenes[0]}; without “Only this scene” all are searched" if scenes else ""
    return f"Nothing like that{where}.{aside}"


def file_name(scene: str) -> str:
    """Return a scene's name as that of a file, without what a file system or a shell may take for something else."""
    return re.sub(r"[^\w.-]+", "_", scene).strip("._-") or "scene"
