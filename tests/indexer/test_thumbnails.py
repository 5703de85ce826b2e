"""Small pictures show the object, where it is, and the edges of its box."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core3d_search.datatypes import Box3D
from core3d_search.indexer.config import ThumbnailConfig
from core3d_search.indexer.report import StageClock
from core3d_search.indexer.thumbnails import cut_out, thumbnail

CONFIG = ThumbnailConfig()
LOW, HIGH = (-0.2, -0.2, 0.0), (0.2, 0.2, 0.4)
SOLIDS = [((-3, -3, -0.1), (3, 3, 0), (120, 120, 120)), (LOW, HIGH, (200, 30, 30))]
BOX = Box3D(np.add(LOW, HIGH) / 2, np.subtract(HIGH, LOW))


@pytest.fixture
def seen(draw):
    """A frame that shows a red block on grey ground, and the pixels that the block fills."""
    frame, owner = draw(SOLIDS, (1.5, -1.2, 1.0), (0, 0.3, 0.2), size=(240, 320))
    rows, columns = np.nonzero(owner == 1)
    return frame, np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.webp)).convert("RGB"), int)


def yellow(image):
    return (image[..., 0] > 150) & (image[..., 1] > 130) & (image[..., 2] < 100)


def test_the_object_fills_the_middle_and_its_box_lies_on_its_outline(seen):
    frame, box = seen
    picture = thumbnail(frame, box, BOX, CONFIG)
    image = pixels(picture)
    assert image.shape == (picture.height, picture.width, 3) == (256, 256, 3)
    assert (image[128, 120:136, 0] > 2 * image[128, 120:136, 1]).mean() > 0.5, "red in the middle"
    rows, columns = np.nonzero(yellow(image))
    fills = (box[2:] - box[:2]) / max(box[2:] - box[:2]) * 256 / CONFIG.scale
    assert np.ptp(columns) == pytest.approx(fills[0], abs=5)
    assert np.ptp(rows) == pytest.approx(fills[1], abs=5)
    assert yellow(image).mean() < 0.06, "lightly"


def test_a_box_elsewhere_is_not_drawn(seen):
    frame, box = seen
    assert not yellow(pixels(thumbnail(frame, box, Box3D([0, 0, 50], [1, 1, 1]), CONFIG))).any()


def test_equal_input_gives_equal_bytes(seen):
    assert thumbnail(*seen, BOX, CONFIG).webp == thumbnail(*seen, BOX, CONFIG).webp


def test_the_config_decides_the_size(seen):
    picture = thumbnail(*seen, BOX, ThumbnailConfig(longest_side_px=96))
    assert max(pixels(picture).shape[:2]) == max(picture.width, picture.height) == 96


@given(
    st.integers(40, 700), st.integers(40, 700), st.tuples(*[st.floats(0, 1)] * 4),
    st.floats(1, 10), st.floats(0, 1),
)  # fmt: skip
def test_what_is_cut_out_lies_in_the_image_and_shows_all_of_the_object(width, height, ends, scale, least):
    (x0, x1), (y0, y1) = sorted(ends[:2]), sorted(ends[2:])
    seen = np.array([x0 * (width - 1), y0 * (height - 1), x1 * (width - 1) + 1, y1 * (height - 1) + 1])
    left, top, right, bottom = cut_out(seen, width, height, ThumbnailConfig(scale=scale, min_share=least))
    assert 0 <= left <= seen[0] + 1e-6
    assert seen[2] - 1e-6 <= right <= width + 1e-6
    assert 0 <= top <= seen[1] + 1e-6
    assert seen[3] - 1e-6 <= bottom <= height + 1e-6
    asked = max(scale * max(seen[2:] - seen[:2]), least * max(width, height))
    assert right - left == pytest.approx(min(asked, width))
    assert bottom - top == pytest.approx(min(asked, height))


def test_time_of_a_stage_within_another_is_counted_once(monkeypatch):
    now = iter([0.0, 0.0, 1.0, 4.0, 5.0, 7.0, 10.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(now))
    clock = StageClock()
    with clock("embed"):
        with clock("thumbnails"):
            pass
        with clock("thumbnails"):
            pass
    assert clock.seconds == {"embed": 5.0, "thumbnails": 5.0}
