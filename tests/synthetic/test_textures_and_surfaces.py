"""Patterns tile, levels lose detail alone, and finishes keep the colour that they are named after."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.synthetic.surfaces import (
    BASIC,
    COLOR_SYNONYMS,
    COLORS,
    MATERIALS,
    METAL,
    finish,
    linear,
    plain,
    shade,
    vary,
)
from core3d_search.synthetic.textures import INDEX, LEVELS, PATTERNS, SIZE, bank


def test_the_bank_holds_every_pattern_at_every_level_the_same_each_time() -> None:
    first = bank()
    bank.cache_clear()
    assert first.shape == (LEVELS, len(PATTERNS), SIZE, SIZE)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(bank(), first)
    assert list(INDEX) == list(PATTERNS)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_gray_in_range_and_blurs_to_its_mean(name: str) -> None:
    levels = bank()[:, INDEX[name]]
    assert levels[0].min() >= -1e-6
    assert levels[0].max() <= 1 + 1e-6
    np.testing.assert_allclose(levels.mean((1, 2)), levels[0].mean(), atol=1e-4)
    spread = levels.std((1, 2))
    assert (np.diff(spread) <= 1e-6).all()
    if name != "plain":
        assert spread[0] > 0.01


@pytest.mark.parametrize("name", ["grain", "weave", "leather", "marble", "plaster", "carpet", "brushed"])
def test_a_tiling_pattern_has_no_seam(name: str) -> None:
    image = bank()[0, INDEX[name]]
    for axis in (0, 1):
        inside = np.abs(np.diff(image, axis=axis)).mean()
        seam = np.abs(np.take(image, 0, axis) - np.take(image, -1, axis)).mean()
        assert seam < 4 * inside + 0.02


@pytest.mark.parametrize("color", COLORS)
def test_a_varied_colour_is_still_nearest_to_its_name_or_a_neighbour(color: str) -> None:
    names = list(COLORS)
    centres = np.array([linear(COLORS[name]) for name in names]) ** (1 / 2.2)
    rng = np.random.default_rng(0)
    drawn = np.array([vary(color, rng) for _ in range(50)]) ** (1 / 2.2)
    distance = np.linalg.norm(drawn[:, None] - centres[None], axis=-1)
    own = distance[:, names.index(color)]
    assert (own < 0.26).all()
    nearest_is_own = distance.argmin(1) == names.index(color)
    assert nearest_is_own.mean() > (0.7 if color in BASIC else 0.5)


@pytest.mark.parametrize("material", MATERIALS)
def test_a_finish_has_its_materials_pattern_and_the_colour_dominates(material: str) -> None:
    surface = finish(material, "blue", np.random.default_rng(1))
    assert surface.pattern == MATERIALS[material].pattern
    assert surface.pattern in PATTERNS
    for color in (surface.color, surface.second):
        assert color[2] == max(color)
        assert all(0 <= part <= 1 for part in color)


def test_metals_shine_and_painted_wood_hides_its_grain() -> None:
    rng = np.random.default_rng(2)
    assert finish("plastic", "silver", rng).gloss == 0.7
    painted, bare = finish("wood", "red", rng), finish("wood", "brown", rng)
    contrast = [1 - sum(s.second) / sum(s.color) for s in (painted, bare)]
    assert contrast[0] < contrast[1]
    assert METAL.gloss > plain((100, 100, 100)).gloss


def test_linear_and_shade_stay_in_range_and_keep_order() -> None:
    assert linear((0, 128, 255)) == pytest.approx((0, (128 / 255) ** 2.2, 1))
    assert shade((0.2, 0.5, 0.9), 2) == pytest.approx((0.4, 1, 1))
    assert shade((0.2, 0.5, 0.9), 0) == (0, 0, 0)
    assert plain((255, 255, 255), glow=2).glow == 2


def test_synonyms_of_colours_belong_to_colours() -> None:
    assert set(COLOR_SYNONYMS) <= set(COLORS)
    words = [word for words in COLOR_SYNONYMS.values() for word in words]
    assert len(words) == len(set(words)), "a word names one colour"
    for name, synonyms in COLOR_SYNONYMS.items():
        assert set(synonyms) & set(COLORS) <= {name}
