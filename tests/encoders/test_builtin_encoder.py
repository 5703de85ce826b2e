"""The built-in encoder with the weights that the package ships."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core3d_search.encoders import load_encoder
from core3d_search.encoders.builtin import WEIGHTS, BuiltinEncoder
from core3d_search.errors import ModelError
from core3d_search.testing.encoders import EncoderContract


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
        ("a photo of a red chair", "red chair", "blue chair"),
        ("red chair", "chair", "table"),
        ("grey sofa", "gray sofa", "red sofa"),
        ("fridge", "refrigerator", "wardrobe"),
        ("wooden chair", "chair made of wood", "plastic chair"),
        ("table lamp", "lamp", "dining table"),
        ("refridgerator", "refrigerator", "radiator"),
    ],
)
def test_words_that_mean_the_same_are_near(encoder: BuiltinEncoder, phrase: str, near: str, far: str) -> None:
    assert similarity(encoder, phrase, near) > similarity(encoder, phrase, far) + 0.05


def test_its_vocabulary_is_that_of_the_rooms(encoder: BuiltinEncoder) -> None:
    assert {"chair", "sofa", "window"} <= set(encoder.vocabulary)
    assert len(encoder.vocabulary) >= 40
    vectors = encoder.encode_texts(encoder.vocabulary)
    np.testing.assert_array_equal((vectors @ vectors.T).argmax(axis=1), np.arange(len(vectors)))


def test_no_evaluation_room_was_trained_on(encoder: BuiltinEncoder) -> None:
    first, rooms = encoder.training["first_seed"], encoder.training["rooms"] + encoder.training["held_out_rooms"]
    assert first >= 2000 or first + rooms <= 1000


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


def test_a_file_without_weights_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    with pytest.raises(ModelError, match=r"weights\.safetensors holds no weights"):
        BuiltinEncoder(file)
    file.write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    with pytest.raises(ModelError, match=r"weights\.safetensors holds no weights"):
        BuiltinEncoder(file)


def test_the_header_says_what_the_weights_were_made_of() -> None:
    content = WEIGHTS.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    training = json.loads(header["__metadata__"]["core3d"])["training"]
    assert {"rooms", "steps", "seed", "data", "torch"} <= set(training)
    assert len(content) < 8_000_000


def test_a_text_is_encoded_without_torch() -> None:
    code = (
        "import sys; from core3d_search.encoders import load_encoder; "
        "load_encoder('built-in/1').encode_texts(['red chair']); "
        "heavy = {'torch', 'PIL', 'scipy', 'open3d', 'faiss', 'sqlalchemy'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
