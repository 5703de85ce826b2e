"""The rooms of `core3d demo`: furnished so that "red chair near window" has exactly one right answer."""

from __future__ import annotations

from pathlib import Path

from core3d_search.synthetic.generate import assemble, furnish
from core3d_search.synthetic.model_rooms import furnish_with_models, load_furniture
from core3d_search.synthetic.room import Room
from core3d_search.synthetic.whole_folder import whole_folder
from core3d_search.synthetic.writer import Progress, write_room

DEMO_KINDS = ("living room", "kitchen", "bedroom", "office", "dining room", "studio", "bathroom")
NO_RED_SEAT = frozenset((name, "red") for name in ("chair", "armchair", "office chair"))


def demo_rooms(
    folder: Path | str,
    seed: int = 0,
    count: int = 3,
    *,
    frames: int = 40,
    width: int = 480,
    height: int = 360,
    worn: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write `count` furnished rooms of different kinds below `folder` and return their folders.

    In all of them together exactly one red chair stands near a window, and another red chair does not, so that
    "red chair near window" has one right answer. `worn` shows them as a worn camera would. `folder` must be new or
    empty, else InputError; it appears when all rooms are written, so a run that fails or is stopped leaves nothing
    behind.
    """
    rooms = plan_demo(seed, count)
    with whole_folder(Path(folder)) as work:
        for room in rooms:
            write_room(room, work / room.name, frames=frames, width=width, height=height, worn=worn, progress=progress)
    return [Path(folder) / room.name for room in rooms]


def model_rooms(
    folder: Path | str,
    meshes: Path | str,
    seed: int = 0,
    count: int = 3,
    *,
    frames: int = 40,
    width: int = 480,
    height: int = 360,
    worn: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write `count` rooms furnished with the models below the folder `meshes`, as `demo_rooms` does, and return them.

    Raises InputError where `meshes` holds no model that fits into a room.
    """
    furniture = load_furniture(Path(meshes))
    with whole_folder(Path(folder)) as work:
        names = []
        for number in range(count):
            room = furnish_with_models(furniture, 1000 * seed + number, name=f"furnished-{number + 1}")
            write_room(room, work / room.name, frames=frames, width=width, height=height, worn=worn, progress=progress)
            names.append(room.name)
    return [Path(folder) / name for name in names]


def plan_demo(seed: int = 0, count: int = 3) -> list[Room]:
    """Return the rooms that `demo_rooms` writes.

    No seat is red by chance; the first room gets one red chair by a window, the second one away from all windows.
    """
    rooms: list[Room] = []
    for position in range(count):
        wanted = {0: (1, 0), 1: (0, 1)}.get(position, (0, 0))
        room, attempt = None, 0
        while room is None or red_chairs(room) != wanted:
            room = _plan(1000 * (seed * count + position) + attempt, position)
            attempt += 1
        rooms.append(room)
    return rooms


def _plan(seed: int, position: int) -> Room:
    kind, arrangement = furnish(seed, kind=DEMO_KINDS[position % len(DEMO_KINDS)], avoided=NO_RED_SEAT)
    if position == 0:
        panes = [item for item in arrangement.placed if item.kind.name == "window"]
        any(arrangement.put_before("chair", pane, color="red", gap=0.2) for pane in panes)
    elif position == 1:
        arrangement.put_free("chair", color="red")
    return assemble(arrangement, f"{kind.replace(' ', '-')}-{position + 1}", kind, seed)


def red_chairs(room: Room) -> tuple[int, int]:
    """Return how many red seats with a back are near a window, and how many are not."""
    windows = {item.id for item in room.objects if item.label == "window"}
    red = {item.id for item in room.objects if (item.label, item.color) in NO_RED_SEAT}
    near = {fact.subject for fact in room.relations if fact.predicate == "near" and fact.anchors[0] in windows} & red
    return len(near), len(red - near)
