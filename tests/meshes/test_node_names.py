"""Which names of nodes mean something, and how one would say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core3d_search.meshes.names import MAX_NAME, clean, spoken, words


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("KitchenChair_03", "kitchen chair 03"),
        ("SM_Lamp.001", "sm lamp 001"),
        ("blendswap-cc-0__oakTable", "blendswap cc 0 oak table"),
        ("TVStand2", "tv stand 2"),
        ("chair chair", "chair"),
        ("Стол", "стол"),
    ],
)
def test_words_are_taken_apart_and_said_once(name: str, said: str) -> None:
    assert spoken(name) == said


@pytest.mark.parametrize("name", ["Cube.001", "Object_4", "RootNode", "mesh", "geometry_12", "", "0", "x_1"])
def test_what_tools_write_by_themselves_says_nothing(name: str) -> None:
    assert words(name) == ()


@given(st.text(max_size=400))
def test_any_name_becomes_printable_and_bounded(name: str) -> None:
    kept = clean(name)
    assert len(kept) <= MAX_NAME
    assert kept == "" or kept.isprintable()
    assert clean(kept) == kept
