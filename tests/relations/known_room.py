"""A room that is known exactly: six by five metres, walls at the sides, and furniture whose relations are obvious.

y=5  +---------------- window ----------------+
     |  bed (front -y)          desk (front -y)|     the desk carries a monitor and a mug
     |  lamp L   lamp R                        |     a chair is pushed under the desk
     |                   rug                   |     a picture hangs on the west wall
     |  couch (front +x)                tv     |     the tv stands on a stand at the east wall
y=0  +---- door -------------------------------+
"""

from __future__ import annotations

from core3d_search import LabelledObject

SOUTH, EAST, WEST = (0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0)


def thing(id, label, x, y, low, size, color=None, front=None) -> LabelledObject:
    """Return an object by its footprint's centre, its underside's height and its size."""
    return LabelledObject(id, label, (x, y, low + size[2] / 2), size, color, front)


ROOM = [
    thing(1, "wall", 0.0, 2.5, 0.0, (0.1, 5.0, 2.6)),
    thing(2, "wall", 6.0, 2.5, 0.0, (0.1, 5.0, 2.6)),
    thing(3, "floor", 3.0, 2.5, -0.05, (6.0, 5.0, 0.05)),
    thing(10, "window", 3.0, 5.0, 1.0, (1.5, 0.1, 1.2), (200, 210, 220)),
    thing(11, "door", 1.0, 0.0, 0.0, (0.9, 0.1, 2.0), (120, 80, 50)),
    thing(20, "bed", 1.3, 4.0, 0.0, (1.6, 2.0, 0.5), (240, 240, 240), SOUTH),
    thing(21, "lamp", 0.3, 4.6, 0.0, (0.3, 0.3, 0.6), (220, 200, 60)),
    thing(22, "lamp", 2.3, 4.6, 0.0, (0.3, 0.3, 0.6), (30, 30, 30)),
    thing(30, "desk", 5.0, 4.5, 0.0, (1.4, 0.7, 0.75), (120, 80, 50), SOUTH),
    thing(31, "monitor", 4.8, 4.6, 0.75, (0.5, 0.2, 0.4), (20, 20, 20), SOUTH),
    thing(32, "cup", 5.4, 4.4, 0.75, (0.1, 0.1, 0.1), (200, 20, 20)),
    thing(33, "chair", 5.0, 4.0, 0.0, (0.5, 0.6, 0.9), (30, 30, 30), (0.0, 1.0, 0.0)),
    thing(40, "couch", 0.6, 1.8, 0.0, (0.9, 2.0, 0.8), (20, 60, 180), EAST),
    thing(41, "picture", 0.1, 1.8, 1.4, (0.05, 0.8, 0.6), (90, 140, 60)),
    thing(50, "tv stand", 5.7, 1.8, 0.0, (0.4, 1.4, 0.5), (120, 80, 50), WEST),
    thing(51, "tv", 5.7, 1.8, 0.5, (0.1, 1.1, 0.7), (15, 15, 15), WEST),
    thing(60, "rug", 3.0, 2.0, 0.0, (2.0, 1.5, 0.02), (160, 40, 40)),
    thing(70, "chair", 3.2, 1.0, 0.0, (0.5, 0.5, 0.9), (180, 20, 20)),
    thing(71, "chair", 4.6, 0.4, 0.0, (0.5, 0.5, 0.9), (180, 20, 20)),
    thing(72, "cup", 3.0, 2.6, 0.02, (0.1, 0.1, 0.1), (20, 40, 200)),
]
