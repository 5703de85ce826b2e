"""The config: round trips, overrides and clear refusals."""

from __future__ import annotations

import dataclasses
import inspect
import json

import pytest

from core3d_search.errors import InputError
from core3d_search.indexer import config as module
from core3d_search.indexer.config import PROFILES, IndexConfig, resolve


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_survives_json(profile: str) -> None:
    config = resolve(profile)
    assert IndexConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config == PROFILES[profile]


def test_the_paper_profile_names_the_models_of_the_paper() -> None:
    config = resolve("core3d")
    assert config.masks.generator == "semantic-sam"
    assert config.encoder.name == "open_clip"
    assert "EVA02-L-14" in config.encoder.options.values()


def test_overrides_are_read_by_type() -> None:
    config = resolve(
        overrides=[
            "masks.levels=[1,3]",
            "fusion.gamma=1",
            "masks.split=false",
            "frames.limit=7",
            "encoder.name=open_clip",
            "encoder.options.model=ViT-B-32",
        ]
    )
    assert config.masks.levels == (1, 3)
    assert config.fusion.gamma == 1.0
    assert isinstance(config.fusion.gamma, float)
    assert config.masks.split is False
    assert config.frames.limit == 7
    assert config.encoder.options == {"model": "ViT-B-32"}
    assert resolve(overrides=["frames.limit=7", "frames.limit=null"]).frames.limit is None


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("fusion.gama=0.3", "no config key 'fusion.gama'; fusion has: voxel_m, gamma"),
        ("fussion.gamma=0.3", "no config key 'fussion'"),
        ("fusion.gamma=wide", "fusion.gamma should be a valid number, got 'wide'"),
        ("fusion.gamma=true", "fusion.gamma should be a valid number, got True"),
        ("fusion.min_voxels=2.5", "fusion.min_voxels should be a valid integer, got 2.5"),
        ("masks.levels=2", "masks.levels should be a valid array, got 2"),
        ("masks.levels=[4,2]", "must rise"),
        ("masks.levels=[0]", "within 1 to 6"),
        ("masks.novelty=[]", "a value for each level after the first"),
        ("masks.options=3", "masks.options should be"),
        ("masks.levels=[2,true]", "masks.levels[1] should be a valid integer, got True"),
        ("fusion=3", "fusion should be an object, got 3"),
        ("fusion.gamma=1.5", "fusion.gamma should be less than or equal to 1, got 1.5"),
        ("masks.novelty=[0.3,-1]", "masks.novelty[1] should be greater than or equal to 0, got -1"),
        ("frames.stride=0", "frames.stride should be greater than or equal to 1, got 0"),
        ("lifting.voxel_m=0", "lifting.voxel_m should be greater than 0, got 0"),
        ("masks.split.eps=1", "has no keys below it"),
        ("gamma", "key=value"),
        ("lifting.voxel_m=0.5", "at most fusion.voxel_m"),
    ],
)
def test_a_wrong_override_is_named(override: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        resolve(overrides=[override])


def test_every_wrong_value_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        IndexConfig.from_dict({"fusion": {"gamma": "wide", "gama": 1}, "frames": {"stride": 0}})
    for part in ("fusion.gamma", "'fusion.gama'", "frames.stride"):
        assert part in str(caught.value)


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(InputError, match="config as a whole should be an object"):
        IndexConfig.from_dict([1])  # type: ignore[arg-type]


def test_a_config_built_in_python_is_a_plain_frozen_dataclass() -> None:
    config = IndexConfig()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.frames.stride = 2  # type: ignore[misc]
    assert dataclasses.replace(config, frames=dataclasses.replace(config.frames, stride=2)).frames.stride == 2


def test_an_unknown_profile_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="no profile called 'fastest'; there are: built-in, fast, core3d"):
        resolve("fastest")


def test_every_field_says_what_it_is() -> None:
    source = inspect.getsource(module)
    for section in dataclasses.fields(IndexConfig):
        for field in dataclasses.fields(type(getattr(IndexConfig(), section.name))):
            _, _, after = source.partition(f"\n    {field.name}: ")
            assert after.split("\n")[1].strip().startswith('"""'), f"{section.name}.{field.name} has no sentence"
