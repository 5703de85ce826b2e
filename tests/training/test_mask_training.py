"""The training of the mask networks: what it draws, what it asks, and that a few steps help."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from core3d_search.indexer.masks.built_in.pixel_net import PixelEmbedder
from core3d_search.indexer.masks.built_in.region_tree import BorderClassifier
from core3d_search.indexer.masks.built_in.regions import PIXEL_NET
from training import borders, pixel_net


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> tuple[pixel_net.RoomViews, Path]:
    folder = tmp_path_factory.mktemp("views")
    return pixel_net.room_views(5, 2, folder), folder


def test_pairs_stay_in_the_image_and_small_things_are_drawn_more_often() -> None:
    ids = np.zeros((176, 240), np.int64)
    ids[100:110, 100:110] = 1
    first, second = pixel_net.draw_pairs(ids, np.random.default_rng(0))
    assert min(first.min(), second.min()) >= 0
    assert max(first.max(), second.max()) < ids.size
    share = (ids.ravel()[first] == 1).mean()
    expected = 100**0.5 / (100**0.5 + (ids.size - 100) ** 0.5)
    assert share == pytest.approx(expected, rel=0.1)
    rows, columns = (second // 240 - first // 240), (second % 240 - first % 240)
    assert np.hypot(rows, columns).max() <= pixel_net.FARTHEST + 1


def test_the_loss_of_a_pair_is_the_cross_entropy_of_its_probability() -> None:
    squared = torch.tensor([0.0, 2.0])
    together = 2 / (1 + math.exp(2.0))
    assert float(pixel_net.pair_loss(squared, torch.tensor([True, True]))) == pytest.approx(-math.log(together) / 2)
    apart = pixel_net.pair_loss(squared[1:], torch.tensor([False]))
    assert float(apart) == pytest.approx(-math.log(1 - together), abs=1e-3)


def test_views_are_kept_and_varied_ones_stay_in_range(views: tuple[pixel_net.RoomViews, Path]) -> None:
    room, folder = views
    again = pixel_net.room_views(5, 2, folder)
    assert np.array_equal(again.inputs, room.inputs)
    rng = np.random.default_rng(0)
    for _ in range(6):
        x, ids = pixel_net.varied(room, rng)
        assert x.shape == (11, pixel_net.HEIGHT, pixel_net.WIDTH)
        assert float(x.abs().max()) <= 1
        assert ids.shape == (pixel_net.HEIGHT // 2, pixel_net.WIDTH // 2)
        assert set(np.unique(ids)) <= set(np.unique(room.instances))


def test_a_few_steps_make_the_loss_fall(views: tuple[pixel_net.RoomViews, Path]) -> None:
    room, _ = views
    torch.manual_seed(0)
    trainee = pixel_net.Trainee()
    optimizer = torch.optim.AdamW(trainee.parameters(), 4e-3)
    x, ids = pixel_net.varied(room, np.random.default_rng(1))
    kinds = torch.from_numpy(room.categories)
    totals = []
    for _ in range(8):
        losses = trainee.losses(x[None], [ids], [kinds], np.random.default_rng(2))
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()
        totals.append(float(losses.sum()))
    assert totals[-1] < 0.8 * totals[0]


def test_the_border_classifier_learns_from_what_regions_truly_are() -> None:
    seen = borders.load_views(range(5, 6), 2, PixelEmbedder(PIXEL_NET))
    features, different, weights = borders.collect(seen, None, 0)
    assert len(features) == len(different) == len(weights) > 500
    classifier = BorderClassifier.from_arrays(borders.fit(features, different, weights, 3))
    regions, instance = seen[0]
    x, apart, _ = borders.examples(regions, instance)
    odds = classifier(regions)
    assert np.isfinite(odds).all()
    again, _, _ = borders.collect(seen, classifier, 0)
    assert len(again)
    (weight0, bias0), (weight1, bias1), (weight2, bias2) = classifier.layers
    hidden = np.maximum(((x - classifier.mean) / classifier.scale) @ weight0 + bias0, 0)
    guessed = (np.maximum(hidden @ weight1 + bias1, 0) @ weight2 + bias2)[:, 0] > 0
    assert (guessed == apart).mean() > 0.9


def test_a_thing_of_no_known_category_asks_for_none(views: tuple[pixel_net.RoomViews, Path]) -> None:
    room, _ = views
    torch.manual_seed(0)
    trainee = pixel_net.Trainee()
    x, ids = pixel_net.varied(room, np.random.default_rng(1))
    kinds = torch.full((len(room.categories),), pixel_net.UNKNOWN)
    losses = trainee.losses(x[None], [ids], [kinds], np.random.default_rng(2))
    assert float(losses[1].detach()) == 0
    assert torch.isfinite(losses).all()
