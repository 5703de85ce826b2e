"""Checks of models: what sees passes, what guesses, forgets or always says the same is found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.model_checks import LEAST_PIXELS, Check, Picture, check_encoder, check_masks

NAMES = {1: "red cube", 2: "green cube", 3: "blue cube", 4: "yellow cube"}
COLORS = {1: (200, 30, 30), 2: (40, 150, 50), 3: (40, 70, 200), 4: (235, 205, 40)}


@pytest.fixture
def pictures(draw: Callable[..., Any]) -> list[Picture]:
    """Three pictures, each of four cubes in places of its own."""
    made = []
    for number in range(3):
        order = ((0, 1, 2, 3), (2, 3, 1, 0), (3, 0, 1, 2))[number]
        places = [((-1.2, -0.4, 0.4, 1.2)[place] + 0.25 * number - 0.3, 0.3 * (place % 2)) for place in order]
        solids = [((-4, 1.5, -1), (4, 1.6, 3), (90, 90, 90))]
        solids += [
            ((x - 0.3, y - 0.3, 0), (x + 0.3, y + 0.3, 0.6), COLORS[key]) for key, (x, y) in enumerate(places, 1)
        ]
        frame, owner = draw(solids, (0.1 * number, -3, 0.8), (0, 0, 0.4), number, (240, 320))
        made.append(Picture(frame, np.maximum(owner, 0), NAMES))
    return made


class Seer:
    """Sees what the pictures hold: the masks are the true ones, or what `change` makes of them."""

    name, checksum = "seer", "0" * 64

    def __init__(self, pictures: list[Picture], change: Callable[[np.ndarray], np.ndarray] = lambda masks: masks):
        self.truth = {picture.frame.index: picture.instance for picture in pictures}
        self.change = change

    def generate(self, frame: Frame) -> Detections:
        truth = self.truth[frame.index]
        masks = self.change(np.stack([truth == key for key in range(1, 5)]))
        return Detections.from_masks(masks, np.ones(len(masks)), np.full(len(masks), 2))


class ColorEncoder:
    """Its space is the mean colour; a text is where its first word's colour is. `turn` spoils images alone."""

    WORDS = {name.split()[0]: color for name, color in zip(NAMES.values(), COLORS.values(), strict=True)} | {
        "white": (240, 240, 240), "black": (20, 20, 20), "orange": (240, 130, 30), "purple": (130, 50, 160),
    }  # fmt: skip

    def __init__(self, turn: Callable[[np.ndarray], np.ndarray] = lambda vectors: vectors):
        self.turn = turn

    @staticmethod
    def unit(colors: np.ndarray) -> np.ndarray:
        features = np.concatenate([np.asarray(colors, np.float64), np.full((len(colors), 1), 60.0)], axis=1)
        features -= features.mean(axis=1, keepdims=True)
        return (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        return self.unit(np.array([self.WORDS[text.split()[0]] for text in texts]))

    def encode_images(self, images: list[np.ndarray]) -> np.ndarray:
        return self.turn(self.unit(np.array([np.median(image.reshape(-1, 3), axis=0) for image in images])))


def by_name(checks: list[Check]) -> dict[str, bool]:
    return {check.what.split()[0]: check.passed for check in checks}


def test_a_generator_that_sees_passes(pictures: list[Picture]) -> None:
    seen, same = check_masks(Seer(pictures), pictures)
    assert (seen.right, seen.passed, same.passed) == (1.0, True, True)
    assert seen.blind < 0.5


@pytest.mark.parametrize(
    "change",
    [
        lambda masks: np.zeros((0, *masks.shape[1:]), bool),
        lambda masks: np.roll(masks, 130, axis=2),
        lambda masks: np.ones_like(masks[:1]),
        lambda masks: np.random.default_rng(0).random(masks.shape) < 0.5,
    ],
    ids=["nothing", "moved aside", "everything", "noise"],
)
def test_a_generator_that_does_not_see_fails(
    pictures: list[Picture], change: Callable[[np.ndarray], np.ndarray]
) -> None:
    assert by_name(check_masks(Seer(pictures, change), pictures))["things"] is False


def test_a_generator_that_gives_every_picture_the_same_masks_fails(pictures: list[Picture]) -> None:
    grid = np.zeros((48, 240, 320), bool)
    for number in range(48):
        row, column = divmod(number, 8)
        grid[number, 40 * row : 40 * row + 80, 40 * column : 40 * column + 40] = True
    seen, _ = check_masks(Seer(pictures, lambda masks: grid), pictures)
    assert seen.right == pytest.approx(seen.blind, abs=0.35)
    assert not seen.passed or seen.right >= 2 * seen.blind


def test_a_generator_with_moods_fails(pictures: list[Picture]) -> None:
    moods = iter(range(100))
    checks = check_masks(Seer(pictures, lambda masks: masks[: 4 - next(moods) % 2]), pictures)
    assert by_name(checks) == {"things": True, "the": False}


def test_an_encoder_that_sees_passes(pictures: list[Picture]) -> None:
    named, plain, same = check_encoder(ColorEncoder(), pictures)
    assert (named.right, plain.right, same.right) == (1.0, 1.0, 1.0)
    assert all(check.passed for check in (named, plain, same))
    assert named.blind == pytest.approx(0.25)


def test_colours_are_asked_only_of_an_encoder_whose_texts_tell_them_apart(pictures: list[Picture]) -> None:
    class Nouns(ColorEncoder):
        """Hears the last word alone, of which "chair" is one and each thing's name another."""

        WORDS = {"chair": (128, 128, 128)} | {
            name.split()[-1]: color for name, color in zip(NAMES.values(), COLORS.values(), strict=True)
        }

        def encode_texts(self, texts: list[str]) -> np.ndarray:
            return super().encode_texts([text.split()[-1] for text in texts])

    assert [check.what.split()[0] for check in check_encoder(Nouns(), pictures)] == ["things", "the"]


@pytest.mark.parametrize(
    "turn",
    [
        lambda vectors: np.roll(vectors, 1, axis=1),
        lambda vectors: -vectors,
        lambda vectors: np.tile(vectors[:1], (len(vectors), 1)),
        lambda vectors: np.random.default_rng(1).normal(size=vectors.shape).astype(np.float32),
    ],
    ids=["channels shifted", "negated", "always the same", "noise"],
)
def test_an_encoder_whose_weights_are_in_the_wrong_places_fails(
    pictures: list[Picture], turn: Callable[[np.ndarray], np.ndarray]
) -> None:
    assert not all(check.passed for check in check_encoder(ColorEncoder(turn), pictures))


def test_a_thing_is_cut_out_where_it_shows_most_and_small_ones_are_left_out(pictures: list[Picture]) -> None:
    from core3d_search.indexer.model_checks import _best_crops

    crops, labels = _best_crops(pictures)
    assert sorted(labels) == sorted(NAMES.values())
    assert all(crop.shape[0] * crop.shape[1] >= LEAST_PIXELS for crop in crops)


def test_a_check_tells_plain_values() -> None:
    assert Check("things", 0.5, 0.6, 0.1).to_dict() == {
        "what": "things", "passed": False, "right": 0.5, "wanted": 0.6, "blind": 0.1,
    }  # fmt: skip
