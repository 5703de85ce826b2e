"""`core3d demo`: a worn camera shows the same rooms with the same truth."""

from __future__ import annotations

import numpy as np
from PIL import Image


def test_a_worn_camera_shows_the_same_room_worse(core3d, tmp_path):
    for name, options in (("good", ()), ("worn", ("--camera", "worn"))):
        assert core3d("demo", tmp_path / name, "--count", 1, "--frames", 1, *options)[0] == 0
    good, worn = (next((tmp_path / name).iterdir()) for name in ("good", "worn"))
    assert good.name == worn.name
    assert (good / "ground_truth.json").read_bytes() == (worn / "ground_truth.json").read_bytes()
    holes = [(np.asarray(Image.open(room / "depth" / "00000.png")) == 0).mean() for room in (good, worn)]
    assert holes[1] > holes[0]


def test_a_camera_that_is_not_known_is_refused(core3d, tmp_path):
    code, _, said = core3d("demo", tmp_path / "x", "--camera", "broken")
    assert code == 2
    assert "worn" in said
    assert not (tmp_path / "x").exists()
