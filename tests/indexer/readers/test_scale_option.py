"""`--scale` is metres to the unit of the poses: depth stays, but where depth is in the units of the poses."""

import numpy as np
import pytest
from format_writers import WRITERS

from core3d_search.indexer.frames import Frame, ReadOptions
from core3d_search.indexer.readers import find_scenes


@pytest.mark.parametrize("what", WRITERS)
def test_scale_multiplies_translations(what, tmp_path):
    pose = np.eye(4)
    pose[:3, 3] = [1, 2, 3]
    camera = np.array([[9.0, 0, 8], [0, 9, 6], [0, 0, 1]])
    frame = Frame(0, np.zeros((12, 16, 3), np.uint8), np.full((12, 16), 2, np.float32), camera, pose)
    WRITERS[what][1](tmp_path, [frame, frame])
    (stored,) = find_scenes(tmp_path)
    (scaled,) = find_scenes(tmp_path, options=ReadOptions(scale=2.0))
    factor = 5.0 if what == "COLMAP, binary, depth camera" else 2.0  # its own scale, 0.4, was measured; 2 was said
    np.testing.assert_allclose(
        scaled[0].world_from_camera[:3, 3], factor * stored[0].world_from_camera[:3, 3], rtol=1e-3, atol=1e-6
    )
    own_depth = 2.0 if what == "COLMAP, text, its own depth" else 1.0
    np.testing.assert_allclose(scaled[0].depth, own_depth * stored[0].depth, rtol=1e-3)
