"""What lies beside a mapped index bounds what ranking measures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core3d_search.relations import PREDICATES, Circumstances, ObjectTable
from core3d_search.relations.pairs import Pairs
from core3d_search.search.index_rows import Standing, same_scene
from core3d_search.search.label_groups import label_factor
from core3d_search.search.relation_bounds import REACH, least_joint, reach, relation_factor
from core3d_search.vectors.columns import COLUMNS


def boxes(generator: np.random.Generator, count: int) -> ObjectTable:
    """Return boxes of all sizes, turned in all ways, half of them only about the vertical."""
    rotations, _ = np.linalg.qr(generator.normal(size=(count, 3, 3)))
    rotations *= np.sign(np.linalg.det(rotations))[:, None, None]
    for k, angle in enumerate(generator.uniform(0, 7, count // 2)):
        rotations[k] = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    centers = generator.uniform(-2, 2, (count, 3)) * (1, 1, 0.5)
    extents = np.exp(generator.uniform(-3, 0.7, (count, 3)))
    return ObjectTable(np.arange(count), centers, extents, rotations)


def columns_of(table: ObjectTable) -> np.ndarray:
    columns = np.zeros(len(table), COLUMNS)
    columns["center"], columns["extent"], columns["rotation"] = table.centers, table.extents, table.rotations
    return columns


@given(st.integers(0, 10**6))
def test_what_stands_apart_is_related_no_more_than_its_reach(seed: int) -> None:
    table = boxes(np.random.default_rng(seed), 24)
    every = np.arange(len(table))
    pairs = Pairs(table, every, every)
    half = np.hypot(*table.flat_half.T)
    gap = pairs.flat_distance - half[:, None] - half
    apart = (gap > 0) & ~pairs.same
    for name, most in REACH.items():
        scores = PREDICATES[name].score(pairs, Circumstances())
        assert (scores[apart] <= most(gap[apart]) + 1e-9).all(), name


@given(st.integers(0, 10**6), st.sampled_from(sorted(REACH)), st.sampled_from([0.05, 0.28, 0.6]))
def test_pairs_that_are_passed_over_are_related_no_more_than_was_said(seed: int, name: str, least: float) -> None:
    table = boxes(np.random.default_rng(seed), 24)
    every = np.arange(len(table))
    t, a = (each.ravel() for each in np.meshgrid(every, every, indexing="ij"))
    standing = Standing.of(columns_of(table), np.zeros(len(table), np.int64), {})
    near = standing.are_near(t, standing, a, reach(name, least))
    scores = PREDICATES[name].score(Pairs(table, every, every), Circumstances()).ravel()
    assert (scores[~near & (t != a)] <= least).all()


def test_a_disc_holds_the_footprint_of_a_turned_scene_as_well() -> None:
    generator = np.random.default_rng(0)
    table = boxes(generator, 200)
    turn, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    turned = ObjectTable(table.ids, table.centers @ turn.T, table.extents, turn @ table.rotations)
    for scenes, turns, seen in ((0, {}, table), (7, {7: turn}, turned)):
        discs = Standing.of(columns_of(table), np.full(len(table), scenes), turns).discs
        assert np.allclose(discs[:, :2], seen.centers[:, :2], atol=1e-5)
        assert (discs[:, 2] + 1e-5 >= np.hypot(*seen.flat_half.T)).all()


@given(st.floats(0, 1))
def test_the_least_that_gives_a_factor_is_not_more_than_what_gives_it(joint: float) -> None:
    assert least_joint(float(relation_factor(np.array([joint]))[0])) <= max(joint, 0.031)


def test_a_factor_that_no_relation_has_is_out_of_reach() -> None:
    assert least_joint(1.1) > 1


@given(st.lists(st.integers(0, 5), max_size=12), st.lists(st.integers(0, 5), max_size=12))
def test_things_are_paired_with_all_of_their_scene(first: list[int], second: list[int]) -> None:
    t, a = same_scene(np.array(first, np.int64), np.array(second, np.int64))
    expected = {(i, j) for i, one in enumerate(first) for j, other in enumerate(second) if one == other}
    assert len(t) == len(expected)
    assert set(zip(t.tolist(), a.tolist(), strict=True)) == expected


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_label_leaves_more_the_better_it_agrees(share: float) -> None:
    assert label_factor(share) <= label_factor(min(share + 0.1, 1.0)) <= 1.0
