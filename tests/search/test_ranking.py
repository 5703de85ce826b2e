"""Ranking over a room that is known exactly: the right object first, with the reasons and the measured values."""

import numpy as np
import pytest
from relations.known_room import ROOM, thing

from core3d_search.query import parse
from core3d_search.relations import ObjectTable
from core3d_search.search.grounding import label_match, table_of
from core3d_search.search.ranking import PhraseMatch, count, rank

TABLE = table_of(ROOM)
MATCH = label_match(TABLE)


def ids(text, **options):
    return [hit.object_id for hit in rank(parse(text), TABLE, MATCH, **options)]


def test_anchors_are_explained_jointly_not_greedily():
    """The best cup taken alone is the red one, the best rug has no cup nearby but the blue: the pair decides."""
    assert ids("cup on the rug")[0] == 72
    assert ids("chair near the desk with a monitor on it")[0] == 33
    assert ids("lamp near the bed")[0] in (21, 22)


def test_reasons_name_anchors_distances_and_the_frame():
    hit = rank(parse("black lamp to the right of the bed"), TABLE, MATCH)[0]
    assert hit.object_id == 22
    kinds = [reason.kind for reason in hit.reasons]
    assert kinds == ["target", "attribute", "relation"]
    relation = hit.reasons[-1]
    assert relation.anchor_ids == (20,)
    assert relation.values["distance_m"] == pytest.approx(0.05, abs=0.01)
    assert "front" in relation.values["frame"]
    assert relation.to_dict()["values"]["threshold_deg"] > 0


def test_score_is_the_product_of_the_reasons():
    for hit in rank(parse("red chair near the rug, not near the desk"), TABLE, MATCH):
        assert hit.score == pytest.approx(np.prod([reason.score for reason in hit.reasons]), rel=1e-6)


def test_declared_frames_change_left_and_right():
    assert ids('find ["lamp", is left (viewer) ["bed"]]')[0] == 21
    assert ids('find ["lamp", is left (anchor) ["bed"]]')[0] == 22
    assert ids('find ["lamp", is right (room) ["bed"]]')[0] == 22


def test_count_wants_half_the_probability():
    assert count(parse("chairs"), TABLE, MATCH) == 3
    assert count(parse("red chairs"), TABLE, MATCH) == 2
    assert count(parse("cups on the desk"), TABLE, MATCH) == 1
    assert count(parse("lamps not near the bed"), TABLE, MATCH) == 0
    assert count(parse("chairs not near the desk"), TABLE, MATCH) == 2


def test_ties_are_ordered_by_id_and_limit_cuts():
    assert ids("lamp", limit=1) == [21]
    assert ids("lamp") == [21, 22]


def test_empty_table_has_no_hits():
    empty = ObjectTable(np.zeros(0, int), np.zeros((0, 3)), np.zeros((0, 3)))
    assert rank(parse("chair near the door"), empty, MATCH) == []
    assert count(parse("chair"), empty, MATCH) == 0


def test_matcher_is_asked_once_for_each_phrase():
    asked = []

    def match(texts):
        asked.extend(texts)
        return MATCH(texts)

    rank(parse("red chair near a chair near a table, not near a table"), TABLE, match)
    assert sorted(set(asked)) == sorted(asked)
    assert {"chair", "table"} <= set(asked)


def test_similarity_comes_from_the_matcher():
    def match(texts):
        return [PhraseMatch(np.linspace(0, 1, len(TABLE)), np.linspace(-1, 1, len(TABLE))) for _ in texts]

    best = rank(parse("anything at all"), TABLE, match)[0]
    assert best.similarity == pytest.approx(1.0)


def test_many_anchors_are_measured_like_few():
    """With more anchors than are measured for each target, the nearest of them still decides."""
    rng = np.random.default_rng(0)
    n = 300
    centers = np.concatenate(
        [rng.uniform(0, 30, (n, 3)) * [1, 1, 0.02], [[50, 50, 0.3], [50.8, 50, 0.3], [90, 5, 0.3]]]
    )
    labels = ("table",) * n + ("table", "chair", "chair")
    table = ObjectTable(np.arange(n + 3), centers, np.full((n + 3, 3), 0.6), labels=labels)
    hits = rank(parse("chair near a table"), table, label_match(table))
    assert hits[0].object_id == n + 1
    assert hits[0].reasons[1].anchor_ids == (n,)


def test_a_limit_gives_the_first_of_all_hits_ties_told_alike():
    boxes = [thing(k, "box", 2 * k, 0, 0, (0.5, 0.5, 0.5)) for k in range(8)]
    table = table_of([*boxes, thing(9, "table", 0, 0, 0, (1, 1, 0.7))])
    for text in ("box", "box near the table", "largest box"):
        every = rank(parse(text), table, label_match(table))
        few = rank(parse(text), table, label_match(table), limit=3)
        assert [(h.object_id, h.score, len(h.reasons)) for h in few] == [
            (h.object_id, h.score, len(h.reasons)) for h in every[:3]
        ]
