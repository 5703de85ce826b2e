"""Search over two exactly known scenes: the right object, for the stated reasons, in every way of asking."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fakes import ATTIC, NOUNS, NounEncoder, thing, write_objects
from PIL import Image

from core3d_search import Searcher
from core3d_search.errors import InputError, ModelError, StoreError
from core3d_search.store import Store


@pytest.fixture
def searcher(known_db):
    with Searcher.open(known_db) as searcher:
        yield searcher


def ids(hits):
    return [hit.object_id for hit in hits]


def test_target_colour_and_relation_choose_one_object_and_say_why(searcher):
    hits = searcher.search("red chair near window")
    assert ids(hits) == [1]
    relation = next(reason for reason in hits[0].reasons if reason.kind == "relation")
    assert relation.anchor_ids == (4,)
    assert relation.values["distance_m"] == pytest.approx(np.hypot(0.3, 0.1), abs=0.001)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chair", [1, 2, 3]),
        ("blue chair", [3]),
        ("mug on the table", [6]),
        ("chair not near a window", [2, 3]),
        ("lamp", [7]),
        ("lamp under the table", []),
        ("wardrobe", []),
        ("table in barn", [8]),
    ],
)
def test_descriptions(searcher, text, expected):
    assert sorted(ids(searcher.search(text))) == expected


def test_scenes_with_another_up_are_turned_before_relations_are_measured(searcher):
    # In the barn y is up: the lamp stands 0.5 m above the table top, which z-up measuring could not see.
    (hit,) = searcher.search("lamp above table", scenes=["barn"], threshold=0.6)
    assert hit.object_id == 7
    np.testing.assert_array_equal(hit.box.center, [0, 1.5, 0])


def test_hits_are_in_the_coordinates_of_a_far_scan_and_relations_as_near_ones(searcher, known_db):
    origin, near = (691_000.0, 5_334_000.0, 500.0), searcher.search("red chair near window")
    with Store.open(known_db) as store:
        write_objects(store, "attic", ATTIC, (0.0, 0.0, 1.0), origin)
    (hit,) = searcher.search("red chair near window")
    np.testing.assert_array_equal(hit.box.center, near[0].box.center + origin)
    assert (hit.score, hit.reasons) == (near[0].score, near[0].reasons)
    assert ids(searcher.search("chair", within=(691_000, 5_334_000, 500.45, 1.0))) == [1]
    assert searcher.search("chair", within=(0, 0, 0.45, 1.0)) == []


def test_filters_bind_the_target_only(searcher):
    assert ids(searcher.search("table", min_size=1.1)) == [5]
    assert ids(searcher.search("chair", within=(0, 0, 0.45, 1.0))) == [1]
    assert ids(searcher.search("anything", label="mug", threshold=0)) == [6]
    assert ids(searcher.search("chair near window", label="chair", within=(0, 0, 0, 1))) == [1]


def test_k_limits_and_ties_are_broken_by_id(searcher):
    assert ids(searcher.search("chair", k=2)) == [1, 2]


def test_an_object_finds_its_kind(searcher):
    assert ids(searcher.similar(1, k=2)) == [2, 3]


def test_an_image_finds_what_it_shows_and_a_text_refines_it(searcher, tmp_path):
    photo = np.full((4, 4, 3), NOUNS.index("chair"), np.uint8)
    assert ids(searcher.search(image=photo)) == [1, 2, 3]
    assert ids(searcher.search("like this but blue", image=photo)) == [3]
    Image.fromarray(photo).save(tmp_path / "photo.png")
    assert ids(searcher.search("near the window", image=tmp_path / "photo.png"))[0] == 1


def test_mixtures_add_and_subtract(searcher):
    (first, *_), found = searcher.search("2:mug + lamp", threshold=0), searcher.search("chair - lamp", threshold=0.0)
    assert first.label == "mug"
    assert found[0].label == "chair"
    with pytest.raises(InputError, match="cancel"):
        searcher.search("chair - chair")


def test_count_by_scene(searcher):
    assert searcher.count("chairs") == {"attic": 3, "barn": 0}
    assert searcher.count("table", scenes=["barn"]) == {"barn": 1}


def test_explanations_parse_back(searcher):
    explanation = searcher.explain("red chair near window")
    assert searcher.explain(explanation.to_dict()["notation"]).query == explanation.query
    assert not explanation.query.fallback


def test_repeated_texts_come_from_the_database(searcher, known_db, monkeypatch):
    first = ids(searcher.search("mug on table"))
    monkeypatch.setattr(NounEncoder, "encode_texts", lambda self, texts: pytest.fail(f"embedded again: {texts}"))
    with Searcher.open(known_db) as another:
        assert ids(another.search("mug on table")) == first


def test_what_is_indexed_meanwhile_is_found(searcher, known_db):
    assert searcher.search("lamp", scenes=["attic"]) == []
    with Store.open(known_db) as store:
        write_objects(store, "attic", [*ATTIC, thing("attic", "lamp", (2, 2, 1))], (0.0, 0.0, 1.0))
    assert [hit.label for hit in searcher.search("lamp", scenes=["attic"])] == ["lamp"]


def test_threads_share_a_searcher(searcher):
    texts = ["red chair near window", "blue chair", "mug on the table", "lamp"] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: ids(searcher.search(text)), texts))
    assert answers == [[1], [3], [6], [7]] * 8


def test_vectors_of_other_weights_are_refused(searcher, monkeypatch):
    monkeypatch.setattr(NounEncoder, "checksum", "2" * 64)
    with pytest.raises(ModelError, match="index again"):
        searcher.search("chair")


@pytest.mark.parametrize(
    ("error", "match", "question"),
    [
        (InputError, "what to find", {"text": "  "}),
        (InputError, "relation_frame", {"text": "chair", "relation_frame": "moon"}),
        (StoreError, "no scene 'cellar'.*attic, barn", {"text": "chair", "scenes": ["cellar"]}),
        (StoreError, "no object 99", {"like": 99}),
        (InputError, "cannot be read as an image", {"image": "nowhere.jpg"}),
    ],
)
def test_bad_questions_say_what_is_wrong(searcher, error, match, question):
    with pytest.raises(error, match=match):
        searcher.search(**question)
