"""What every encoder promises; a test class inherits it and gives an `encoder` fixture."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.encoders import Calibration, Encoder, load_encoder
from core3d_search.errors import InputError


def pictures(count: int = 7) -> list[np.ndarray]:
    """Return images of many sizes and shapes: noise over a plain colour."""
    rng = np.random.default_rng(3)
    images = []
    for _ in range(count):
        height, width = rng.integers(5, 200, 2)
        noise = rng.integers(-40, 40, (height, width, 3))
        images.append(np.clip(rng.integers(0, 255, 3) + noise, 0, 255).astype(np.uint8))
    return images


class EncoderContract:
    """Inherit as `class TestX(EncoderContract)` with a fixture `encoder`."""

    def test_names_its_space(self, encoder: Encoder) -> None:
        assert encoder.model_id.count("/") >= 1
        assert len(encoder.checksum) == 64
        assert int(encoder.checksum, 16) >= 0
        assert isinstance(encoder.calibration, Calibration)
        assert encoder.calibration.scale > 0
        assert len(encoder.calibration.neutral_phrases) >= 1

    def test_texts_and_images_become_unit_vectors_of_one_length(self, encoder: Encoder) -> None:
        texts = encoder.encode_texts(["red chair", "sofa", "", "a photo of a very old wooden table with a vase", "Ü?!"])
        images = encoder.encode_images(pictures())
        assert texts.shape == (5, encoder.dimension)
        assert images.shape == (7, encoder.dimension)
        for vectors in (texts, images):
            assert vectors.dtype == np.float32
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_nothing_in_nothing_out(self, encoder: Encoder) -> None:
        assert encoder.encode_texts([]).shape == (0, encoder.dimension)
        assert encoder.encode_images([]).shape == (0, encoder.dimension)

    def test_same_input_gives_the_same_bits(self, encoder: Encoder) -> None:
        images = pictures()
        np.testing.assert_array_equal(encoder.encode_images(images), encoder.encode_images(images))
        np.testing.assert_array_equal(encoder.encode_texts(["red chair"]), encoder.encode_texts(["red chair"]))

    def test_a_vector_does_not_depend_on_its_batch(self, encoder: Encoder) -> None:
        images = pictures()
        alone = np.concatenate([encoder.encode_images([image]) for image in images])
        together = encoder.encode_images(images)
        np.testing.assert_allclose(together, alone, atol=2e-5)
        np.testing.assert_allclose(encoder.encode_images(images[::-1])[::-1], together, atol=2e-5)
        texts = ["red chair", "a lamp on a desk", "sofa"]
        alone = np.concatenate([encoder.encode_texts([text]) for text in texts])
        np.testing.assert_allclose(encoder.encode_texts(texts), alone, atol=2e-5)

    def test_different_inputs_give_different_vectors(self, encoder: Encoder) -> None:
        images, texts = encoder.encode_images(pictures()), encoder.encode_texts(["red chair", "blue chair", "lamp"])
        for vectors in (images, texts):
            similarities = vectors @ vectors.T
            assert (similarities[~np.eye(len(vectors), dtype=bool)] < 1 - 1e-6).all()

    @pytest.mark.parametrize(
        "image",
        [np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32)],
        ids=["empty", "gray", "float"],
    )
    def test_refuses_what_is_no_image_by_its_position(self, encoder: Encoder, image: np.ndarray) -> None:
        with pytest.raises(InputError, match="image 1 must be"):
            encoder.encode_images([np.zeros((5, 5, 3), np.uint8), image])

    def test_a_stored_model_id_brings_back_the_same_space(self, encoder: Encoder) -> None:
        again = load_encoder(encoder.model_id)
        assert (again.model_id, again.checksum) == (encoder.model_id, encoder.checksum)
        np.testing.assert_array_equal(again.encode_texts(["lamp"]), encoder.encode_texts(["lamp"]))
