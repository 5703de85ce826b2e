"""The parts of the encoder's training: models by name, scenes of them, cameras, words, and the judges' layer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core3d_search.synthetic.worn import photographed
from training.imagenet_names import HOUSEHOLD
from training.labels import LABELS
from training.models import class_name, everyday_name, indoor_models, load_parts
from training.text_tower import colored, known_words, projected, space_of

CUBE = "\n".join(
    [f"v {x} {y} {z}" for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    + ["mtllib m.mtl", "usemtl red", "f 1 2 4", "f 1 4 3", "f 5 6 8", "f 5 8 7"]
    + ["f 1 2 6", "f 1 6 5", "f 3 4 8", "f 3 8 7", "f 1 3 7", "f 1 7 5", "f 2 4 8", "f 2 8 6"]
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return a library of one-metre red cubes under several names, as extract_sh3d.py lays it out."""
    entries = []
    names = ("Chair", "Couch", "Large fridge", "Vase", "Table", "Bed", "Stool", "TV", "Desk", "Lamp")
    for number, name in enumerate((*names, "Lamppost 1", "Deer", "Stretched", "Street lamp", "Oven", "Sink", "Rug")):
        folder = tmp_path / f"lib__m{number}"
        folder.mkdir()
        (folder / "model.obj").write_text(CUBE)
        (folder / "m.mtl").write_text("newmtl red\nKd 0.8 0.1 0.1\n")
        entries.append(
            {
                "key": folder.name,
                "name": name,
                "category": "Exterior" if name == "Deer" else "Living room",
                "size_m": {"width": 1.0, "depth": 1.0, "height": 1.0},
                "elevation_m": 0.0,
                "door_or_window": False,
                "path": f"{folder.name}/model.obj",
                "triangles": 12,
                "textures": [],
                "anisotropy": 2.0 if name == "Stretched" else 1.0,
            }
        )
    (tmp_path / "catalog.json").write_text(json.dumps(entries))
    return tmp_path


def test_models_get_everyday_names_and_the_unfit_are_left_out(library: Path) -> None:
    names = {model.name for model in indoor_models(library)}
    assert {"chair", "sofa", "refrigerator", "vase"} <= names
    assert names.isdisjoint({"deer", "deer figurine", "stretched", "street lamp", ""})
    assert everyday_name("Square type C plug") == "power outlet"
    assert class_name("coffee maker") == "coffee machine"
    assert not any(model.plain for model in indoor_models(library))  # red is a colour


def test_a_model_stands_on_its_base_with_z_up(library: Path) -> None:
    parts = load_parts(indoor_models(library)[0])
    points = np.concatenate([part.corners.reshape(-1, 3) for part in parts])
    np.testing.assert_allclose(points.min(0), [-0.5, -0.5, 0], atol=1e-6)
    np.testing.assert_allclose(points.max(0), [0.5, 0.5, 1], atol=1e-6)
    assert parts[0].color[0] > 5 * parts[0].color[1]


def test_a_scene_shows_its_models_and_repeats_itself(library: Path) -> None:
    pytest.importorskip("embreex")
    from training import model_scenes

    models = indoor_models(library)[:16]
    extra = models * 2
    chance = np.full(len(extra), 1 / len(extra))
    one, two = (model_scenes.render_scene(extra, chance, 5) for _ in range(2))
    np.testing.assert_array_equal(one["pixels"], two["pixels"])
    assert set(np.unique(one["instances"])) <= set(range(len(one["names"])))
    assert (one["instances"] > 0).any()
    assert one["names"][0] == ""
    assert one["pixels"].std() > 5


def test_a_camera_changes_a_picture_but_not_what_it_shows() -> None:
    rng = np.random.default_rng(0)
    rows = np.linspace(20, 220, 60)[:, None, None]
    picture = np.broadcast_to(rows, (60, 80, 3)).astype(np.uint8)
    likeness = []
    for _ in range(30):
        photo = photographed(picture, rng)
        assert (photo.shape, photo.dtype) == (picture.shape, np.uint8)
        likeness.append(np.corrcoef(photo.ravel(), picture.ravel())[0, 1])
    assert min(likeness) > 0.6


def test_labels_are_hundreds_of_distinct_names_without_synonyms_of_the_rooms() -> None:
    from core3d_search.synthetic.catalogue import CATEGORIES

    assert len(LABELS) >= 300
    taken = {name for category in CATEGORIES.values() for name in category.synonyms} - set(CATEGORIES)
    # these are things of their own beside the room category that also answers to them
    assert taken & set(LABELS) <= {"acoustic guitar", "chandelier", "cup", "oven", "upright piano", "laundry basket"}
    assert all(0 <= number < 1000 for number in HOUSEHOLD)


def test_the_space_drops_what_all_names_share() -> None:
    rng = np.random.default_rng(0)
    names = rng.normal(0, 1, (50, 16)) + 10 * np.eye(16)[0]
    mean, axes = space_of(names.astype(np.float32), 8)
    vectors = projected(names.astype(np.float32), mean, axes)
    assert vectors.shape == (50, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(vectors.mean(0)) < 0.3


def test_household_words_get_rows_first_and_colours_are_put_before_names() -> None:
    words = known_words(["the the cat", "the dog"], ["arm chair"], 3)
    assert words == ["arm", "chair", "the"]
    rng = np.random.default_rng(0)
    drawn = [colored("vase", rng) for _ in range(100)]
    assert all("vase" in text for text in drawn)
    assert 0.2 < np.mean([text != "vase" for text in drawn]) < 0.8
    assert colored("red", rng) == "red"


def test_the_judges_layer_learns_what_it_sees(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from training.heads import Views, train_gate, train_layer

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    centers = rng.normal(0, 1, (3, 32))
    for folder, offset in (("models", 0.0), ("rooms", 4.0)):
        (tmp_path / folder).mkdir()
        label = rng.integers(0, 3, 60)
        features = centers[label][:, None] + rng.normal(0, 0.2, (60, 2, 32)) + offset * np.eye(32)[0]
        names = np.array(["coffee maker", "chair", ""])[label]
        keys = np.array([f"{folder}-{number}" for number in range(60)])
        np.savez(tmp_path / folder / "20.npz", pooled=features.astype(np.float16), names=names, keys=keys)
    models, rooms = Views.read(tmp_path / "models"), Views.read(tmp_path / "rooms", held_out_rooms=True)
    assert set(models.names) == {"coffee machine", "chair", "wall"}
    classes = sorted(set(models.names))
    layer = train_layer([models, rooms], classes, 60, 0.05, rng)
    guesses = layer(torch.from_numpy(models.features[:, 0].astype(np.float32))).argmax(1).numpy()
    assert np.mean(np.array(classes)[guesses] == models.names) > 0.95
    gate = train_gate(rooms, [models, models.some(2)], 200, rng)
    assert gate(torch.from_numpy(rooms.features[:, 0].astype(np.float32))).min() > 0
    assert gate(torch.from_numpy(models.features[:, 0].astype(np.float32))).max() < 0


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """Return a folder `models` and a folder `rooms` of views whose maps say in one channel what they show."""
    rng = np.random.default_rng(0)
    for folder in ("models", "rooms"):
        (tmp_path / folder).mkdir()
        label = rng.integers(0, 3, 24)
        middle = rng.normal(0, 0.3, (24, 2, 112, 4, 4)).astype(np.float16)
        middle[np.arange(24), :, label] += 4
        np.savez(
            tmp_path / folder / "21.npz",
            middle=middle,
            pooled=np.zeros((24, 2, 1280), np.float16),
            names=np.array(["vase", "chair", ""])[label],
            keys=np.array([f"{folder}-{number}" for number in range(24)]),
        )
    return tmp_path


def test_fine_tuning_moves_the_last_blocks_alone_and_goes_on_where_it_stopped(
    features: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = pytest.importorskip("torch")
    from core3d_search.encoders.lite0 import FEATURES, Lite0
    from training import finetune, heads
    from training.heads import tuned_network

    torch.manual_seed(0)
    start, classes = Lite0().state_dict(), torch.nn.Linear(FEATURES, 1000).requires_grad_(False)

    def untrained() -> tuple[Lite0, torch.nn.Linear]:
        network = Lite0()
        network.load_state_dict(start)
        return network.eval().requires_grad_(False), classes

    whole, steps = finetune.Tuner.step, []

    def stopped(tuner: finetune.Tuner) -> tuple[float, float]:
        steps.append(1)
        if len(steps) == 13:
            raise KeyboardInterrupt
        return whole(tuner)

    def tune(out: Path) -> None:
        command = ["finetune.py", "--models", str(features / "models"), "--rooms", str(features / "rooms"), "--out"]
        command += [str(out), "--batch", "6", "--layer-steps", "5", "--keep", "10", "--steps", "20"]
        monkeypatch.setattr("sys.argv", command)
        finetune.main()

    for module in (finetune, heads):
        monkeypatch.setattr(module, "pretrained", untrained)
    tune(features / "at-once.safetensors")
    monkeypatch.setattr(finetune.Tuner, "step", stopped)
    with pytest.raises(KeyboardInterrupt):
        tune(features / "stopped.safetensors")
    monkeypatch.setattr(finetune.Tuner, "step", whole)
    tune(features / "stopped.safetensors")
    assert "from step 10" in capsys.readouterr().out
    names = ["chair", "vase", "wall"]
    network, layer = tuned_network(features / "at-once.safetensors", names, 1.0)
    again, its_layer = tuned_network(features / "stopped.safetensors", names, 1.0)
    torch.testing.assert_close(its_layer.weight, layer.weight)
    moved = set()
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], tensor)
        moved |= set() if torch.equal(tensor, start[name]) else {name.rpartition(".inner")[0]}
    assert moved
    start_again, _ = tuned_network(features / "at-once.safetensors", names, 0.0)
    halfway, half_layer = tuned_network(features / "at-once.safetensors", names, 0.5)
    for name, tensor in halfway.state_dict().items():
        torch.testing.assert_close(start_again.state_dict()[name], start[name])
        torch.testing.assert_close(2 * tensor, start[name] + network.state_dict()[name])
    assert not torch.equal(half_layer.weight, layer.weight)
    assert all(name == "head" or (name.startswith("blocks.1") and int(name.split(".")[1]) > 10) for name in moved)
    with pytest.raises(SystemExit, match="knows 3 names, these views have 2"):
        tuned_network(features / "at-once.safetensors", names[:2], 1.0)


def test_pieces_of_a_photograph_are_cut_as_masks_are() -> None:
    pytest.importorskip("torch")
    from core3d_search.encoders.builtin_image import SIDE
    from training.features import KINDS
    from training.photos import PIECES, pieces

    picture = np.random.default_rng(0).integers(50, 255, (120, 160, 3)).astype(np.uint8)
    found = list(pieces(picture, np.random.default_rng(1)))
    assert len(found) == PIECES
    assert {crop.shape for own in found for crop in own} == {(SIDE, SIDE, 3)}
    assert all(len(own) == len(KINDS) for own in found)
    assert all((own[0] > 0).sum() < (own[1] > 0).sum() for own in found)  # the mask is within its box
