"""A browser without a screen: speaks viser's protocol, keeps what a page has and what the canvas shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import viser
import zstandard
from websockets.sync.client import connect

PATIENCE_S = 20.0
CAMERA = {
    "type": "ViewerCameraMessage",
    "wxyz": (1.0, 0.0, 0.0, 0.0),
    "position": (3.0, 3.0, 3.0),
    "fov": 1.3,
    "near": 0.01,
    "far": 1000.0,
    "image_height": 600,
    "image_width": 800,
    "look_at": (0.0, 0.0, 0.0),
    "up_direction": (0.0, 0.0, 1.0),
}


class Browser:
    """One connection. `parts` has the panel by uuid, `nodes` the canvas by name, both as dicts of properties."""

    def __init__(self, port: int, origin: str | None = None) -> None:
        protocol: Any = [f"viser-v{viser.__version__}"]
        self.socket = connect(
            f"ws://127.0.0.1:{port}", subprotocols=protocol, origin=origin, max_size=None, compression=None, proxy=None
        )  # type: ignore[arg-type]
        self.parts: dict[str, dict[str, Any]] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        self.seen: list[dict[str, Any]] = []
        self._send(CAMERA)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    # What a user does

    def type(self, text: str) -> None:
        """Write into the first field and press Enter."""
        uuid = self.part("Find")
        self._send({"type": "GuiUpdateMessage", "uuid": uuid, "updates": {"value": text}})
        form = next(uuid for uuid, part in self.parts.items() if part["type"] == "GuiFormMessage")
        self._send({"type": "GuiFormSubmitMessage", "uuid": form})

    def set(self, label: str, value: Any) -> None:
        """Give a part of the panel another value; buttons are pressed by True."""
        self._send({"type": "GuiUpdateMessage", "uuid": self.part(label), "updates": {"value": value}})

    def click(self, origin: tuple[float, float, float], direction: tuple[float, float, float]) -> None:
        """Click on the canvas, where a ray starts."""
        self._send(
            {
                "type": "ScenePointerMessage",
                "event_type": "click",
                "ray_origin": origin,
                "ray_direction": direction,
                "screen_pos": ((0.5, 0.5),),
                "modifier": None,
            }
        )

    # What a user sees

    def part(self, label: str) -> str:
        """Return the uuid of what is called so."""
        return next(uuid for uuid, part in self.parts.items() if str(part.get("label", "")).startswith(label))

    def text(self) -> str:
        """Return all HTML of the panel."""
        return "\n".join(part["content"] for part in self.parts.values() if "content" in part)

    def buttons(self) -> list[str]:
        """Return the names of the buttons that are there."""
        parts = [part for part in self.parts.values() if part["type"] == "GuiButtonMessage"]
        return [part["label"] for part in parts if part["visible"]]

    def drawn(self, below: str) -> dict[str, dict[str, Any]]:
        """Return what the canvas shows below a node, without the frames that hold it."""
        return {
            name: node for name, node in self.nodes.items() if name.startswith(below) and node["type"] != "FrameMessage"
        }

    def names(self, below: str) -> list[str]:
        """Return the texts that stand on the canvas below a node."""
        return [node["text"] for node in self.drawn(below).values() if "text" in node]

    def until(self, seen: Callable[[Browser], object]) -> None:
        """Take messages until something is seen."""
        end = time.monotonic() + PATIENCE_S
        while not self._sees(seen):
            left = end - time.monotonic()
            assert left > 0, f"not seen; the panel says: {self.text()}"
            try:
                self._take(self.socket.recv(timeout=left))
            except TimeoutError:
                continue

    def _sees(self, seen: Callable[[Browser], object]) -> bool:
        try:
            return bool(seen(self))
        except (KeyError, StopIteration):  # not there yet
            return False

    def _send(self, message: dict[str, Any]) -> None:
        self.socket.send(msgspec.msgpack.encode(message))

    def _take(self, raw: Any) -> None:
        """Take a window of messages: two sizes, packed messages, then arrays that the messages name by number."""
        compressed = int.from_bytes(raw[8:16], "little")
        inner = msgspec.msgpack.decode(zstandard.decompress(raw[16 : 16 + compressed]))
        for message in inner["messages"]:
            self.seen.append(message)
            kind = message["type"]
            if kind == "GuiUpdateMessage":
                self.parts[message["uuid"]].update(message["updates"])
            elif kind == "GuiRemoveMessage":
                self.parts.pop(message["uuid"], None)
            elif kind.startswith("Gui") and "uuid" in message and "props" in message:
                self.parts[message["uuid"]] = {"type": kind, **message["props"], "value": message.get("value")}
            elif kind == "RemoveSceneNodeMessage":
                self.nodes = {name: node for name, node in self.nodes.items() if name != message["name"]}
            elif "name" in message and "props" in message:
                self.nodes[message["name"]] = {"type": kind, **message["props"]}
