"""Furnished rooms that are exactly known: generated from a seed, rendered to posed RGB-D, written with their truth.

Importing this package is light; the names below load what they need when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core3d_search.synthetic.catalogue import CATEGORIES
    from core3d_search.synthetic.demo import demo_rooms
    from core3d_search.synthetic.generate import generate_room
    from core3d_search.synthetic.programs import KINDS
    from core3d_search.synthetic.render import RenderedFrame, Renderer, render_room
    from core3d_search.synthetic.room import Relation, Room, RoomObject
    from core3d_search.synthetic.surfaces import COLOR_SYNONYMS, COLORS, MATERIALS
    from core3d_search.synthetic.writer import write_room

_HOMES = {
    "CATEGORIES": "catalogue",
    "COLORS": "surfaces",
    "COLOR_SYNONYMS": "surfaces",
    "KINDS": "programs",
    "MATERIALS": "surfaces",
    "Relation": "room",
    "RenderedFrame": "render",
    "Renderer": "render",
    "Room": "room",
    "RoomObject": "room",
    "demo_rooms": "demo",
    "generate_room": "generate",
    "render_room": "render",
    "write_room": "writer",
}

__all__ = [
    "CATEGORIES", "COLORS", "COLOR_SYNONYMS", "KINDS", "MATERIALS", "Relation", "RenderedFrame", "Renderer", "Room",
    "RoomObject", "demo_rooms", "generate_room", "render_room", "write_room",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
