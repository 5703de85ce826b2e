"""Exactly known frames for the perception tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core3d_search.testing.drawing import draw_solids


@pytest.fixture(scope="session")
def draw() -> Callable[..., Any]:
    """The function `draw_solids`."""
    return draw_solids
