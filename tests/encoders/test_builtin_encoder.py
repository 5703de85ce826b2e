"""The built-in encoder with the weights that the package ships."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core3d_search.encoders import load_encoder
from core3d_search.encoders.builtin import IMAGE_WEIGHTS, TEXT_WEIGHTS, BuiltinEncoder
from core3d_search.errors import ModelError
from core3d_search.testing.encoders import EncoderContract, pictures

SECOND_CHAIR = (-0.26603, 0.175765, -0.454005)
"""How the vector of "chair" began in databases of built-in/2."""


@pytest.fixture(scope="module")
def encoder() -> BuiltinEncoder:
    return BuiltinEncoder(device="cpu")


class TestBuiltinEncoder(EncoderContract):
    pass


def similarity(encoder: BuiltinEncoder, one: str, other: str) -> float:
    a, b = encoder.encode_texts([one, other])
    return float(a @ b)


@pytest.mark.parametrize(
    ("phrase", "near", "far"),
    [
        ("couch", "sofa", "lamp"),
        ("sofas", "sofa", "bed"),
        ("a photo of a red chair", "red chair", "blue table"),
        ("grey sofa", "gray sofa", "red bed"),
        ("fridge", "refrigerator", "wardrobe"),
        ("wooden chair", "chair made of wood", "plastic table"),
        ("table lamp", "lamp", "dining table"),
        ("refridgerator", "refrigerator", "radiator"),
        ("something to sleep on at night", "bed", "table"),
        ("telescopes", "binoculars", "sofa"),
    ],
)
def test_words_that_mean_the_same_are_near(encoder: BuiltinEncoder, phrase: str, near: str, far: str) -> None:
    assert similarity(encoder, phrase, near) > similarity(encoder, phrase, far) + 0.05


def test_colours_do_not_reach_the_space(encoder: BuiltinEncoder) -> None:
    """They are measured from pixels (relations/looks.py); the noun alone is compared."""
    for noun in ("chair", "vase", "wardrobe", "kettle"):
        assert similarity(encoder, f"red {noun}", noun) > 0.97
        assert similarity(encoder, f"dark blue {noun}", f"white {noun}") > 0.95


def test_its_vocabulary_has_hundreds_of_household_names_that_stay_apart(encoder: BuiltinEncoder) -> None:
    assert {"chair", "sofa", "window", "chandelier", "tv stand", "range hood"} <= set(encoder.vocabulary)
    assert len(encoder.vocabulary) >= 300
    vectors = encoder.encode_texts(encoder.vocabulary)
    np.testing.assert_array_equal((vectors @ vectors.T).argmax(axis=1), np.arange(len(vectors)))


def test_a_label_scores_as_a_search_for_it_does(encoder: BuiltinEncoder) -> None:
    from core3d_search.indexer.config import LabelConfig
    from core3d_search.indexer.labels import Labeller

    vectors = encoder.encode_images(pictures())
    for vector, (name, score) in zip(vectors, Labeller(encoder, LabelConfig()).labels(list(vectors)), strict=True):
        neutral = vector @ encoder.encode_texts(encoder.calibration.neutral_phrases).T
        asked = encoder.calibration.probability(encoder.encode_texts([name]) @ vector, neutral[None])
        assert score == pytest.approx(asked[0], abs=1e-4)


def test_no_evaluation_room_was_trained_on() -> None:
    """training/features.py and room_network.py refuse them; the rooms of the shipped weights begin at 10,000."""
    from training.room_network import EVALUATION_SEEDS, Settings

    assert Settings.first_seed not in EVALUATION_SEEDS


def test_names_the_objects_of_a_room_it_never_saw(encoder: BuiltinEncoder) -> None:
    """True masks, four frames: far above chance (about 1 %), far below certainty; benchmarks/encoder.py measures."""
    from training.objects import seen_objects

    seen = seen_objects(encoder, [1500], frames=4)
    vectors = np.stack([thing.embedding for thing in seen])
    labels = encoder.encode_texts(encoder.vocabulary)
    guesses = [encoder.vocabulary[best] for best in (vectors @ labels.T).argmax(axis=1)]
    right = np.mean([guess == thing.facts[0] for guess, thing in zip(guesses, seen, strict=True)])
    assert len(seen) >= 8
    assert right >= 0.5


def test_a_thing_of_no_room_scores_below_one_half(encoder: BuiltinEncoder) -> None:
    from training.objects import seen_objects

    vectors = np.stack([thing.embedding for thing in seen_objects(encoder, [1501], frames=3)])
    neutral = vectors @ encoder.encode_texts(encoder.calibration.neutral_phrases).T
    foreign = encoder.encode_texts(["giraffe", "helicopter", "submarine", "broccoli", "red elephant"])
    best = [encoder.calibration.probability(vectors @ phrase, neutral).max() for phrase in foreign]
    assert np.mean(np.array(best) < 0.5) >= 0.8


def test_another_version_of_the_weights_is_refused() -> None:
    with pytest.raises(ModelError, match="the vectors were made by built-in/0: index the scenes again"):
        load_encoder("built-in/0")


def test_databases_of_the_first_version_can_still_be_searched() -> None:
    """Its texts as they were: the checksum is that of the weights which made the vectors; images are refused."""
    first = load_encoder("built-in/1")
    assert (first.model_id, first.dimension) == ("built-in/1", 128)
    assert first.checksum == "665940ad932182acf34ca56e72ab942b3c3625fd2919828def99099c15a6c4fe"
    red_chair, chair, table = first.encode_texts(["red chair", "chair", "table"])
    assert red_chair @ chair > red_chair @ table + 0.05
    assert (first.calibration.scale, first.calibration.margin) == (15.267, 0.0395)
    with pytest.raises(ModelError, match="built-in/1 embeds no more images.*index the scenes again"):
        first.encode_images(pictures())


def test_databases_of_the_second_version_can_still_be_searched(encoder: BuiltinEncoder) -> None:
    """It had the texts of today under another checksum and calibration."""
    second = load_encoder("built-in/2")
    assert (second.model_id, second.dimension) == ("built-in/2", 192)
    assert second.checksum == "c569c93587c6613f47469c57e0045766aa4bd75e8f830a94e095ad448bf2f11c"
    assert second.checksum != encoder.checksum
    assert (second.calibration.scale, second.calibration.margin) == (11.8, 0.58)
    chair, like_a_chair, table = second.encode_texts(["chair", "office chair", "table"])
    assert chair @ like_a_chair > chair @ table + 0.05
    np.testing.assert_allclose(chair[:3], SECOND_CHAIR, atol=1e-4)
    with pytest.raises(ModelError, match="built-in/2 embeds no more images.*index the scenes again"):
        second.encode_images(pictures())


def test_files_without_weights_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"builtin_text\.safetensors holds no weights"):
        BuiltinEncoder(tmp_path)
    (tmp_path / TEXT_WEIGHTS.name).write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    with pytest.raises(ModelError, match=r"builtin_text\.safetensors holds no weights"):
        BuiltinEncoder(tmp_path)


def test_an_image_tower_of_other_weights_is_refused(tmp_path: Path) -> None:
    for file in (TEXT_WEIGHTS, IMAGE_WEIGHTS):
        shutil.copy(file, tmp_path / file.name)
    with (tmp_path / IMAGE_WEIGHTS.name).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    encoder = BuiltinEncoder(tmp_path)
    assert encoder.encode_texts(["chair"]).shape == (1, encoder.dimension)
    with pytest.raises(ModelError, match=r"builtin_image\.safetensors does not belong to builtin_text\.safetensors"):
        encoder.encode_images(pictures(1))


def test_the_weights_say_what_they_were_made_of_and_stay_small(encoder: BuiltinEncoder) -> None:
    assert {"texts", "steps", "seed"} <= set(encoder.training["text"])
    assert {"views", "data", "steps", "seed", "torch"} <= set(encoder.training["image"])
    assert TEXT_WEIGHTS.stat().st_size + IMAGE_WEIGHTS.stat().st_size < 16_000_000


def test_a_text_is_encoded_without_torch() -> None:
    code = (
        "import sys; from core3d_search.encoders import load_encoder; "
        "load_encoder('built-in/3').encode_texts(['red chair']); "
        "heavy = {'torch', 'PIL', 'scipy', 'open3d', 'faiss', 'sqlalchemy'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
