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
        ("fusion.gamma=wide", "fusion.gamma must be float, got 'wide'"),
        ("fusion.gamma=true", "fusion.gamma must be float, got True"),
        ("fusion.min_voxels=2.5", "fusion.min_voxels must be int, got 2.5"),
        ("masks.levels=2", "masks.levels must be a list of int, got 2"),
        ("masks.levels=[4,2]", "must rise"),
        ("masks.levels=[0]", "within 1 to 6"),
        ("masks.novelty=[]", "a value for each level after the first"),
        ("masks.options=3", "must be a mapping"),
        ("fusion=3", "fusion must be a mapping"),
        ("masks.split.eps=1", "has no keys below it"),
        ("gamma", "key=value"),
        ("lifting.voxel_m=0.5", "at most fusion.voxel_m"),
    ],
)
def test_a_wrong_override_is_named(override: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        resolve(overrides=[override])


def test_an_unknown_profile_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="no profile called 'fastest'; there are: built-in, fast, core3d"):
        resolve("fastest")


def test_every_field_says_what_it_is() -> None:
    source = inspect.getsource(module)
    for section in dataclasses.fields(IndexConfig):
        for field in dataclasses.fields(type(getattr(IndexConfig(), section.name))):
            _, _, after = source.partition(f"\n    {field.name}: ")
            assert after.split("\n")[1].strip().startswith('"""'), f"{section.name}.{field.name} has no sentence"
