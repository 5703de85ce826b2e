"""Every predicate on boxes whose relation is known: half at its threshold, high inside, low outside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core3d_search.relations import PREDICATES, Circumstances, ObjectTable, places
from core3d_search.relations.pairs import Pairs


def table(*boxes, fronts=None, rotations=None):
    """Return a table of (center, extent) boxes, in a room of 8 by 8 by 3 metres that two flat objects span."""
    centers = [(0.0, 0.0, 0.0), (8.0, 8.0, 3.0), *(c for c, _ in boxes)]
    extents = [(0.01, 0.01, 0.01), (0.01, 0.01, 0.01), *(e for _, e in boxes)]
    if fronts is not None:
        fronts = [(np.nan,) * 3] * 2 + [(np.nan,) * 3 if f is None else f for f in fronts]
    if rotations is not None:
        rotations = [np.eye(3)] * 2 + list(rotations)
    return ObjectTable(
        np.arange(len(centers)), np.array(centers), np.array(extents), rotations=rotations, fronts=fronts
    )


def score(predicate, target, anchor, *, front=None, frame=None, target_front=None):
    known = table(target, anchor, fronts=[target_front, front])
    pairs = Pairs(known, np.array([2]), np.array([3]))
    return float(PREDICATES[predicate].score(pairs, Circumstances(frame))[0, 0])


UNIT = (1.0, 1.0, 1.0)
TABLE = ((4.0, 4.0, 0.4), (1.2, 0.8, 0.8))


def mug(x, y, low):
    return ((x, y, low + 0.05), (0.1, 0.1, 0.1))


@pytest.mark.parametrize(("gap", "low", "high"), [(0.0, 0.95, 1.0), (0.48, 0.45, 0.55), (2.0, 0.0, 0.1)])
def test_near_is_half_at_half_a_metre_between_the_boxes(gap, low, high):
    assert low <= score("near", ((4, 4, 0.5), UNIT), ((5.0 + gap, 4, 0.5), UNIT)) <= high


def test_near_and_far_are_opposed():
    near, away = ((5.2, 4, 0.5), UNIT), ((7.5, 0.5, 0.5), UNIT)
    anchor = ((4, 4, 0.5), UNIT)
    assert score("far", away, anchor) > 0.5 > score("far", near, anchor)


def test_what_stands_on_a_thing_is_less_near_it_than_what_stands_beside():
    assert score("near", mug(4.0, 4.0, 0.8), TABLE) < score("near", mug(4.7, 4.0, 0.8), TABLE)


def test_on_wants_contact_and_overlap():
    assert score("on", mug(4.0, 4.0, 0.8), TABLE) > 0.85
    assert score("on", mug(4.0, 4.0, 0.0), TABLE) < 0.3  # under it
    assert score("on", mug(4.0, 4.0, 1.6), TABLE) < 0.1  # hovering
    assert score("on", mug(5.5, 4.0, 0.8), TABLE) < 0.1  # beside
    assert score("supports", TABLE, mug(4.0, 4.0, 0.8)) == pytest.approx(score("on", mug(4.0, 4.0, 0.8), TABLE))


def test_on_a_seat_begins_below_the_top_of_the_back():
    chair = ((4, 4, 0.5), (0.5, 0.5, 1.0))
    assert score("on", ((4, 4, 0.55), (0.3, 0.3, 0.2)), chair) > 0.5


def test_things_hang_on_upright_faces():
    wall, picture = ((4, 8, 1.3), (4, 0.1, 2.6)), ((4, 7.93, 1.5), (0.8, 0.04, 0.6))
    assert score("attached", picture, wall) > 0.9
    assert score("on", picture, wall) >= 0.4


def test_above_and_below_want_one_column():
    lamp = ((4, 4, 2.0), (0.4, 0.4, 0.4))
    assert score("above", lamp, TABLE) > 0.6
    assert score("below", TABLE, lamp) > 0.6
    assert score("above", ((6.5, 4, 2.0), (0.4, 0.4, 0.4)), TABLE) < 0.1
    assert score("above", TABLE, lamp) < 0.05


def test_chair_pushed_under_a_desk_counts_as_below_it_a_little():
    chair = ((4.0, 3.7, 0.45), (0.5, 0.5, 0.9))
    assert score("below", chair, TABLE) > 3 * score("below", ((4.0, 2.0, 0.45), (0.5, 0.5, 0.9)), TABLE)


def test_inside_and_contains():
    book, shelf = ((4, 4, 1.0), (0.2, 0.15, 0.25)), ((4, 4, 1.0), (1.0, 0.4, 2.0))
    assert score("inside", book, shelf) > 0.85
    assert score("contains", shelf, book) > 0.85
    assert score("inside", shelf, book) < 0.5
    assert score("inside", ((6, 4, 1.0), (0.2, 0.15, 0.25)), shelf) < 0.1


@pytest.mark.parametrize(
    ("predicate", "offset"), [("front", (0, -1.5)), ("behind", (0, 1.5)), ("left", (-1.5, 0)), ("right", (1.5, 0))]
)
def test_sides_for_a_viewer_who_stands_before_the_front(predicate, offset):
    """The anchor looks along -y: a viewer before it looks along +y and has +x on the right."""
    anchor = ((4, 4, 0.5), UNIT)
    at = {(dx, dy): ((4 + dx, 4 + dy, 0.5), (0.4, 0.4, 1.0)) for dx, dy in ((0, -1.5), (0, 1.5), (-1.5, 0), (1.5, 0))}
    scores = {place: score(predicate, box, anchor, front=(0, -1, 0), frame="viewer") for place, box in at.items()}
    assert max(scores, key=scores.get) == offset
    assert scores[offset] > 0.5


def test_anchor_frame_mirrors_left_and_right_but_not_front():
    anchor, west = ((4, 4, 0.5), UNIT), ((2.5, 4, 0.5), (0.4, 0.4, 1.0))
    for predicate, viewer, own in (("left", True, False), ("right", False, True)):
        assert (score(predicate, west, anchor, front=(0, -1, 0), frame="viewer") > 0.4) is viewer
        assert (score(predicate, west, anchor, front=(0, -1, 0), frame="anchor") > 0.4) is own
    south = ((4, 2.5, 0.5), (0.4, 0.4, 1.0))
    assert score("front", south, anchor, front=(0, -1, 0), frame="anchor") > 0.4


def test_room_frame_has_right_along_x_whatever_the_front():
    east = ((5.5, 4, 0.5), (0.4, 0.4, 1.0))
    assert score("right", east, ((4, 4, 0.5), UNIT), front=(1, 0, 0), frame="room") > 0.5


def test_facing_and_opposite():
    anchor = ((4, 7.5, 0.5), UNIT)
    assert score("facing", ((4, 5, 0.5), UNIT), anchor, target_front=(0, 1, 0)) > 0.5
    assert score("facing", ((4, 5, 0.5), UNIT), anchor, target_front=(0, -1, 0)) < 0.1
    assert score("opposite", ((4, 1, 0.5), UNIT), anchor, front=(0, -1, 0)) > 0.7
    assert score("opposite", ((7.5, 7.5, 0.5), UNIT), anchor, front=(0, -1, 0)) < 0.3


def test_aligned_end_and_touching():
    long = ((4, 4, 0.4), (2.0, 0.8, 0.8))
    assert score("aligned", ((6, 4.05, 0.4), (0.4, 0.4, 0.8)), long) > 0.9
    assert score("end", ((5.3, 4, 0.4), (0.4, 0.4, 0.8)), long) > score("end", ((4, 4.7, 0.4), (0.4, 0.4, 0.8)), long)
    assert score("touching", ((5.5, 4, 0.5), UNIT), long) == pytest.approx(1.0)
    assert score("touching", ((5.65, 4, 0.5), UNIT), long) == pytest.approx(0.5)


def test_between_wants_the_middle_of_the_way():
    known = table(
        ((2, 4, 0.5), UNIT), ((6, 4, 0.5), UNIT), ((4, 4, 0.5), UNIT), ((4, 7, 0.5), UNIT), ((7.5, 4, 0.5), UNIT)
    )
    rows, ends = np.array([4, 5, 6]), (np.array([[2]]), np.array([[3]]))
    scores = places.between(known, rows, *(np.broadcast_to(e, (3, 1)) for e in ends))[:, 0, 0]
    assert scores[0] > 0.7
    assert scores[1] < 0.3
    assert scores[2] < 0.1


def test_places_of_the_room():
    known = table(
        ((0.4, 0.4, 0.5), (0.5, 0.5, 1.0)), ((4.0, 0.3, 0.5), (0.5, 0.5, 1.0)), ((4.0, 4.0, 2.9), (0.5, 0.5, 0.1))
    )
    rows = np.array([2, 3, 4])
    assert (places.in_corner(known, rows) > 0.5).tolist() == [True, False, False]
    assert (places.at_wall(known, rows) > 0.5).tolist() == [True, True, False]
    assert (places.in_middle(known, rows) > 0.5).tolist() == [False, False, True]
    assert (places.on_floor(known, rows) > 0.5).tolist() == [True, True, False]
    assert (places.at_ceiling(known, rows) > 0.5).tolist() == [False, False, True]


def test_every_predicate_is_documented():
    assert {"near", "far", "on", "above", "below", "inside", "contains", "front", "behind", "left", "right", "against",
            "facing", "opposite", "aligned", "touching", "part"} <= set(PREDICATES)  # fmt: skip
    for predicate in PREDICATES.values():
        assert len(predicate.definition) > 15
        assert predicate.unit in ("m", "deg", "share", "log ratio", "percent")
        assert predicate.source.startswith("[")


COORDINATE = st.floats(-5, 5)
BOX = st.tuples(st.tuples(COORDINATE, COORDINATE, COORDINATE), st.tuples(*[st.floats(0.01, 3)] * 3), st.floats(0, 6.3))


@settings(max_examples=60, deadline=None)
@given(st.lists(BOX, min_size=2, max_size=5))
def test_scores_are_probabilities_and_do_not_change_when_the_room_is_moved(boxes):
    turns = [np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) for _, _, a in boxes]
    shift = np.array([3.0, -2.0, 1.0])
    results = []
    for moved in (np.zeros(3), shift):
        known = ObjectTable(
            np.arange(len(boxes)), np.array([c for c, _, _ in boxes]) + moved, np.array([e for _, e, _ in boxes]),
            rotations=np.array(turns),
        )  # fmt: skip
        rows = np.arange(len(boxes))
        pairs = Pairs(known, rows, rows)
        results.append({name: p.score(pairs, Circumstances("room")) for name, p in PREDICATES.items()})
    for name, scores in results[0].items():
        assert np.all((scores >= 0) & (scores <= 1)), name
        if name not in ("facing", "opposite", "same side"):  # which wall is nearest may be a tie
            assert np.allclose(scores, results[1][name], atol=1e-6), name


@settings(max_examples=60, deadline=None)
@given(BOX, BOX)
def test_horizontal_gap_never_exceeds_the_gap_between_sampled_points(a, b):
    turns = [np.array([[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1]]) for t in (a[2], b[2])]
    known = ObjectTable(np.arange(2), np.array([a[0], b[0]]), np.array([a[1], b[1]]), rotations=np.array(turns))
    grid = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, 9)] * 2), axis=-1).reshape(-1, 2)
    points = [
        grid * np.array(box[1][:2]) @ turn[:2, :2].T + box[0][:2] for box, turn in zip((a, b), turns, strict=True)
    ]
    sampled = np.linalg.norm(points[0][:, None] - points[1][None], axis=-1).min()
    assert Pairs(known, np.array([0]), np.array([1])).flat_gap[0, 0] <= sampled + 1e-6
