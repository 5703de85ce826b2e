"""The sheet and the plan: every object is there, hits are marked, nothing overlaps."""

import io

import numpy as np
import pytest
from PIL import Image

from core3d_search.errors import NotFoundError, StoreError
from core3d_search.exports.plan import HIT, LONGEST_PX, MARGIN_PX, TITLE_PX, plan_picture
from core3d_search.exports.sheet import CELL_PX, GAP_PX, contact_sheet
from core3d_search.store import Store, Thumbnail


@pytest.fixture
def store(known_db):
    with Store.open(known_db) as store:
        yield store


def green(width, height):
    file = io.BytesIO()
    Image.new("RGB", (width, height), (0, 200, 0)).save(file, "WEBP", lossless=True)
    return Thumbnail(file.getvalue(), width, height)


def spans(objects):
    """Least and greatest coordinates of boxes that lie along the axes."""
    centers, halves = (
        np.array([item.box.center for item in objects]),
        np.array([item.box.extent / 2 for item in objects]),
    )
    return (centers - halves).min(axis=0), (centers + halves).max(axis=0)


def test_sheet_shows_the_picture_of_each_object(store):
    made = {item.id: green(256, 128) for item in store.objects("attic")}
    store.add_thumbnails("attic", made, store.scene("attic").generation)
    sheet = contact_sheet(store, "attic")
    pictures = (sheet == (0, 200, 0)).all(axis=-1).sum()
    assert pictures == len(made) * CELL_PX * CELL_PX // 2
    assert sheet.shape[1] == GAP_PX + 3 * (CELL_PX + GAP_PX), "six objects in three columns"


def test_sheet_without_pictures_says_how_to_make_them(store):
    with pytest.raises(NotFoundError, match="core3d db thumbnails attic"):
        contact_sheet(store, "attic")


def test_plan_has_the_proportions_of_the_scene_and_marks_hits(store):
    plain = plan_picture(store, "attic")
    height, width = plain.shape[:2]
    assert max(height - TITLE_PX, width) == pytest.approx(LONGEST_PX, abs=2)
    low, high = spans(store.objects("attic"))
    asked = (high - low)[:2] / (high - low)[:2].max() * (LONGEST_PX - 2 * MARGIN_PX)
    assert (width - 2 * MARGIN_PX, height - TITLE_PX - 2 * MARGIN_PX) == pytest.approx(tuple(asked), abs=2)
    marked = plan_picture(store, "attic", {1: 1})
    assert not (plain == HIT).all(axis=-1).any()
    assert (marked == HIT).all(axis=-1).sum() > 500
    assert (plan_picture(store, "attic", {1: 1}) == marked).all(), "the same scene gives the same picture"


def test_plan_turns_up_to_z(store):
    barn = plan_picture(store, "barn")
    low, high = spans(store.objects("barn"))
    across, _, deep = high - low
    drawn = (barn.shape[1] - 2 * MARGIN_PX) / (barn.shape[0] - TITLE_PX - 2 * MARGIN_PX)
    assert max(drawn, 1 / drawn) == pytest.approx(max(across / deep, deep / across), rel=0.02), "y is up in the barn"


def test_plan_of_no_scene_is_an_error(store):
    with pytest.raises(StoreError, match="no scene 'cellar'"):
        plan_picture(store, "cellar")
