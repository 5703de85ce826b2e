"""Training learns, repeats itself, and writes what the package reads: on drawn discs and bars, in seconds."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.encoders import Calibration
from core3d_search.indexer.crops import KINDS
from training.calibration import fit_calibration
from training.objects import SeenObject
from training.phrases import Names
from training.room_network import RoomEncoder, Settings, Trainer
from training.views import RoomFrames, Views, crops_of, imperfect, patch_of

NAMES = Names(
    {"ball": ("ball",), "shelf": ("shelf", "board")},
    {"red": ("red",), "blue": ("blue",)},
    {"wood": ("wooden",)},
)
SETTINGS = Settings(steps=40, crops=40, dimension=32, widths=(8, 16, 32), learning_rate=5e-3)
COLORS = {"red": (200, 40, 40), "blue": (40, 60, 200)}


def drawn_views() -> Views:
    """Return views of 24 drawn frames, each with one disc or bar on gray."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((72, 96))
    pixels = rng.integers(90, 160, (24, 72, 96, 3)).astype(np.uint8)
    instances = np.zeros((24, 72, 96), np.uint8)
    facts = [("", "", "")]
    for position in range(24):
        y, x = rng.integers(25, 45), rng.integers(30, 60)
        label, color = ("ball", "shelf")[position % 2], ("red", "blue")[position // 2 % 2]
        disc = np.hypot(rows - y, columns - x) < 12
        bar = (abs(rows - y) < 4) & (abs(columns - x) < 24)
        shape = disc if label == "ball" else bar
        instances[position][shape] = position + 1
        pixels[position][shape] = COLORS[color] + rng.integers(-20, 20, 3)
        facts.append((label, color, "wood"))
    return Views([RoomFrames(pixels, instances, tuple(facts))])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[float], RoomEncoder, Views]:
    views = drawn_views()
    trainer = Trainer(SETTINGS, views, NAMES)
    losses = [trainer.step()["loss"] for _ in range(SETTINGS.steps)]
    file = tmp_path_factory.mktemp("weights") / "drawn.safetensors"
    trainer.write(file, {"scale": 10.0, "margin": 0.0}, {})
    return losses, RoomEncoder(file), views


def test_the_loss_falls_and_shapes_and_colours_are_told_apart(
    trained: tuple[list[float], RoomEncoder, Views],
) -> None:
    losses, encoder, views = trained
    assert np.mean(losses[-6:]) < 0.6 * np.mean(losses[:2])
    rng = np.random.default_rng(1)
    things = [index for index, view in enumerate(views.items) if view.instance]
    boxes = encoder.encode_images([crops_of(*views.picture(index, rng), ("box",))[0] for index in things])
    for column, names in ((0, list(NAMES.labels)), (1, list(NAMES.colors))):
        guesses = [names[best] for best in (boxes @ encoder.encode_texts(names).T).argmax(axis=1)]
        right = np.mean([guess == views.items[i].facts[column] for guess, i in zip(guesses, things, strict=True)])
        assert right >= 0.8


def test_the_same_seed_gives_the_same_losses(trained: tuple[list[float], RoomEncoder, Views]) -> None:
    again = Trainer(SETTINGS, drawn_views(), NAMES)
    assert [again.step()["loss"] for _ in range(3)] == pytest.approx(trained[0][:3], rel=1e-4)


def test_walls_are_views_too_and_a_fingerprint_names_the_data() -> None:
    views = drawn_views()
    assert sum(view.facts == ("", "", "") for view in views.items) == 24
    assert views.fingerprint() == drawn_views().fingerprint()


def test_crops_are_those_of_the_pipeline() -> None:
    """Without imperfection they are what crops.py cuts, brought to the size that the network sees."""
    from core3d_search.encoders.builtin_image import fitted
    from core3d_search.encoders.room_network import SIDE
    from core3d_search.indexer.config import CropConfig
    from core3d_search.indexer.crops import crop_images
    from core3d_search.indexer.detections import Detections
    from core3d_search.indexer.frames import Frame

    rng = np.random.default_rng(0)
    image, mask = rng.integers(0, 255, (60, 80, 3)).astype(np.uint8), np.zeros((60, 80), bool)
    mask[20:33, 30:51] = rng.random((13, 21)) < 0.8
    frame = Frame(0, image, np.ones((60, 80), np.float32), np.eye(3), np.eye(4))
    cut = crop_images(frame, Detections.from_masks(mask[None], [1], [1]), CropConfig())
    for kind, crop in zip(KINDS, crops_of(image, mask), strict=True):
        np.testing.assert_array_equal(crop, fitted(cut[kind][0], SIDE), err_msg=kind)


def test_imperfect_masks_and_patches_stay_near_their_source() -> None:
    rng = np.random.default_rng(0)
    mask = np.zeros((60, 80), bool)
    mask[15:45, 20:60] = True
    for _ in range(50):
        drawn, patch = imperfect(mask, rng), patch_of(~mask, rng)
        assert (drawn & mask).sum() >= 0.2 * mask.sum()
        assert (drawn & ~mask).sum() <= 0.5 * mask.sum()
        assert patch.any()
        assert not (patch & mask).any()


def test_calibration_separates_present_from_absent() -> None:
    """Objects whose vectors are the texts themselves: the line must fall between yes and no."""

    class Axes:
        calibration = Calibration(1.0, 0.0, ("object",))

        def encode_texts(self, texts: list[str]) -> np.ndarray:
            rows = [[text.endswith("ball"), text.endswith("shelf"), "red" in text, text == "object"] for text in texts]
            vectors = np.array(rows, np.float32)
            vectors[:, 3] += 0.3
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    texts = Axes()
    objects = [
        SeenObject(room, (label, "red", "wood"), {"combined": texts.encode_texts([f"red {label}"])})
        for room, label in enumerate(["ball", "shelf", "ball"])
    ]
    fit = fit_calibration(texts, objects)  # type: ignore[arg-type]
    assert fit["scale"] > 0
    line = float(objects[0].embedding @ texts.encode_texts(["object"])[0])
    present = float(objects[0].embedding @ texts.encode_texts(["red ball"])[0]) - line
    absent = float(objects[0].embedding @ texts.encode_texts(["giraffe"])[0]) - line
    assert absent < fit["margin"] < present
