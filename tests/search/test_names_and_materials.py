"""What names, labels and materials say where an encoder compares texts, and what is counted."""

import numpy as np
import pytest
from relations.known_room import thing

from core3d_search.query import parse
from core3d_search.query.materials import OFTEN, SELDOM, USUAL_KINDS, usual_share
from core3d_search.query.nouns import canonical, spoken_names
from core3d_search.search.answers import counted
from core3d_search.search.grounding import table_of
from core3d_search.search.ranking import PhraseMatch, rank_scenes

SIZE = (0.5, 0.5, 0.9)
LABELS = ("radiator", "chair", "chair", "armchair", "bench", "floor lamp")
TABLE = table_of([thing(k, label, 2 * k, 0, 0, SIZE) for k, label in enumerate(LABELS)])
KINDS = {canonical(label) for label in LABELS}


def encoder(seen):
    """Compare texts as an encoder that gives `seen[text]` (N,) probabilities; 0 for other texts."""

    def match(texts):
        found = [np.asarray(seen.get(text, np.zeros(len(LABELS))), np.float64) for text in texts]
        return [PhraseMatch(values, values, scale=10.0) for values in found]

    return match


def test_a_name_is_asked_by_its_usual_word_too():
    only_radiators = encoder({"radiator": [0.9, 0, 0, 0, 0, 0]})
    hits = rank_scenes(parse("the heater"), [(TABLE, only_radiators)], threshold=0.1, kinds=KINDS)
    assert [hit.object_id for hit in hits] == [0]
    mistaken = encoder({"radiator": [0.9, 0, 0, 0, 0, 0], "heater": [0, 0, 0, 0, 0.9, 0]})
    hits = rank_scenes(parse("the heater"), [(TABLE, mistaken)], threshold=0.1, kinds=KINDS)
    assert [hit.object_id for hit in hits] == [0], "the encoder names radiators itself, and no heaters"
    assert len(rank_scenes(parse("the heater"), [(TABLE, mistaken)], threshold=0.1)) == 2, "without labels both may be"
    assert parse("heater").target.names == ("heater", "radiator") == spoken_names("heater")
    assert parse("chairs").target.names == ("chair",), "a plural is no other word"


def test_where_something_has_the_label_that_was_said_other_kinds_lose():
    alike = encoder({"chair": [0, 0.8, 0.8, 0.8, 0.8, 0]})
    found = {hit.object_id: hit for hit in rank_scenes(parse("chair"), [(TABLE, alike)], threshold=0.01, kinds=KINDS)}
    labels = {key: hit.reasons[1].score for key, hit in found.items()}
    assert labels[1] == labels[2] == 1.0
    assert labels[3] < 0.5
    alone = table_of([thing(3, "armchair", 0, 0, 0, SIZE)])
    sure = PhraseMatch(np.ones(1), np.ones(1))
    (hit,) = rank_scenes(parse("chair"), [(alone, lambda texts: [sure for _ in texts])], kinds=KINDS)
    assert hit.reasons[1].score > labels[3], "no chair is here: an armchair may well be meant"


@pytest.mark.parametrize(
    ("text", "ids"), [("how many chairs", {1, 2}), ("how many lamps", {5}), ("how many things", set(range(6)))]
)
def test_what_is_labelled_as_another_kind_is_not_counted(text, ids):
    names = ("chair", "chairs", "lamp", "lamps", "")
    everything = encoder({name: np.ones(len(LABELS)) for name in names})
    hits = rank_scenes(parse(text), [(TABLE, everything)], threshold=0.01, kinds={*KINDS, "lamp"})
    assert len(hits) == len(LABELS)
    assert {hit.object_id for hit in counted(parse(text), hits)} == ids


def test_a_material_nobody_sees_is_what_its_kind_is_usually_made_of():
    blind = encoder({"chair": [0, 1, 1, 0, 0, 0]})
    for text, expected in (("wooden chair", OFTEN), ("metal chair", SELDOM)):
        hits = rank_scenes(parse(text), [(TABLE, blind)], threshold=0.0)
        assert hits[0].reasons[-1].score == pytest.approx(expected, abs=1e-6)
    assert usual_share("ceramic", "mugs") == OFTEN
    assert all(kind == canonical(kind) for kinds in USUAL_KINDS.values() for kind in kinds)


def test_what_is_seen_of_a_material_weighs_with_what_is_usual():
    names = {"chair": [0, 1, 1, 0, 0, 0], "metal chair": [0, 0.9, 0.1, 0, 0, 0], "wooden chair": [0, 0.1, 0.9, 0, 0, 0]}
    hits = rank_scenes(parse("metal chair"), [(TABLE, encoder(names))], threshold=0.0)
    shown = {hit.object_id: hit.reasons[-1].score for hit in hits}
    assert shown[1] > OFTEN > SELDOM > shown[2]
