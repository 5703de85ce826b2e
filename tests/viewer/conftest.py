"""The known scenes to look at, with points between the corners of their boxes."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import ATTIC, BARN, write_objects

from core3d_search.search.searcher import Searcher
from core3d_search.store import Store


def filled(item, count=9):
    """An object with `count` points along each side of its box, also on its faces."""
    steps = np.linspace(-0.5, 0.5, count)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    points = (item.box.center + (grid * item.box.extent) @ item.box.rotation.T).astype(np.float32)
    return replace(item, points=points, colors=np.tile(item.colors[:1], (len(points), 1)))


@pytest.fixture
def filled_db(known_db):
    known_db.unlink()
    with Store.open(known_db, create=True) as store:
        write_objects(store, "attic", [filled(item) for item in ATTIC], (0.0, 0.0, 1.0))
        write_objects(store, "barn", [filled(item) for item in BARN], (0.0, 1.0, 0.0))
    return known_db


@pytest.fixture
def searcher(filled_db):
    with Searcher.open(filled_db) as searcher:
        yield searcher
