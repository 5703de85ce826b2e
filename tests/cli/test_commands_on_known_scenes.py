"""The commands on a database that is exactly known: what goes to stdout, what to stderr, and the exit code."""

import csv
import io
import json
from dataclasses import replace

import pytest
from fakes import ATTIC, write_objects

from core3d_search.datatypes import View
from core3d_search.store import Store


def test_search_json_is_the_documented_document_and_nothing_else(core3d):
    code, out, _ = core3d("search", "red chair near window", "-k", 5, "--json")
    document = json.loads(out)
    assert code == 0
    assert document["query"] == "red chair near window"
    (hit,) = document["hits"]
    assert {"scene", "object_id", "score", "similarity", "box", "reasons"} <= hit.keys()
    assert (hit["scene"], hit["object_id"]) == ("attic", 1)
    assert hit["box"] == {
        "center": [0, 0, 0.45],
        "extent": [0.5, 0.5, 0.9],
        "rotation": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    }
    assert 0.5 <= hit["score"] <= 1
    assert [reason["kind"] for reason in hit["reasons"]][-1] == "relation"


def test_search_for_people_shows_scene_id_score_box_and_reasons(core3d):
    _, out, _ = core3d("search", "red chair near window")
    assert "attic" in out
    assert "#1" in out
    assert "center 0.00, 0.00, 0.45 m" in out
    assert "size 0.50, 0.50, 0.90 m" in out
    assert "near window" in out


def test_search_and_show_give_boxes_in_the_coordinates_of_a_far_scan(core3d, known_db):
    with Store.open(known_db) as store:
        write_objects(store, "attic", ATTIC, (0.0, 0.0, 1.0), (691_000.0, 5_334_000.0, 500.0))
    center = [691_000, 5_334_000, 500.45]
    (hit,) = json.loads(core3d("search", "red chair near window", "--json")[1])["hits"]
    assert hit["box"]["center"] == center
    assert "center 691000.00, 5334000.00, 500.45 m" in core3d("search", "red chair near window")[1]
    assert json.loads(core3d("show", "attic", "--json")[1])["objects"][0]["box"]["center"] == center
    within = core3d("search", "chair", "--within", "691000,5334000,500,1", "--json")[1]
    assert [hit["object_id"] for hit in json.loads(within)["hits"]] == [1]


def test_nothing_found_is_an_answer(core3d):
    code, out, _ = core3d("search", "wardrobe")
    assert code == 0
    assert "nothing like that" in out
    assert json.loads(core3d("search", "wardrobe", "--json")[1]) == {
        "schema_version": 1,
        "query": "wardrobe",
        "hits": [],
        "offset": 0,
        "next_offset": None,
        "answer": None,
        "explanation": None,
    }
    assert len(json.loads(core3d("search", "wardrobe", "--json", "--near-misses")[1])["hits"]) > 0


def test_scene_filter_and_csv(core3d):
    _, out, _ = core3d("search", "table", "--scene", "barn", "--csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["scene"], row["object_id"], row["center_y"]) == ("barn", "8", "0.4000")


def test_batch_answers_line_by_line(core3d, tmp_path):
    (tmp_path / "queries.txt").write_text("lamp\n\nblue chair\n")
    documents = json.loads(core3d("search", "--batch", tmp_path / "queries.txt", "--json")[1])["answers"]
    assert [(d["query"], [h["object_id"] for h in d["hits"]]) for d in documents] == [
        ("lamp", [7]),
        ("blue chair", [3]),
    ]


def test_explain_says_how_the_text_was_understood(core3d):
    document = json.loads(core3d("search", "red chair near window", "--explain", "--json")[1])
    assert document["explanation"]["fallback"] is False
    assert "near" in document["explanation"]["notation"]


def test_count_prints_the_number(core3d):
    assert core3d("count", "chairs")[1].strip() == "3"
    assert json.loads(core3d("count", "chairs", "--json")[1]) == {
        "schema_version": 1,
        "query": "chairs",
        "count": 3,
        "counts": {"attic": 3, "barn": 0},
    }


def test_scenes_and_show_list_everything(core3d):
    assert [scene["scene"] for scene in json.loads(core3d("scenes", "--json")[1])["scenes"]] == ["attic", "barn"]
    objects = json.loads(core3d("show", "barn", "--json")[1])["objects"]
    assert [(o["object_id"], o["label"], o["point_count"], o["observation_count"]) for o in objects] == [
        (7, "lamp", 8, 3),
        (8, "table", 8, 3),
    ]
    assert set(objects[0]["box"]) == {"center", "extent", "rotation"}
    assert "lamp" in core3d("show", "barn")[1]
    (run,) = json.loads(core3d("show", "barn", "--runs", "--json")[1])["runs"]
    assert run["model"]["name"] == "nouns/1"


def test_database_commands(core3d, tmp_path):
    assert json.loads(core3d("db", "info", "--json")[1])["counts"]["objects"] == 8
    assert core3d("db", "check")[0] == 0
    assert core3d("db", "backup", tmp_path / "copy.db")[0] == 0
    assert core3d("db", "remove", "attic", "--yes")[0] == 0
    assert [scene["scene"] for scene in json.loads(core3d("scenes", "--json")[1])["scenes"]] == ["barn"]
    assert json.loads(core3d("scenes", "--json", "--db", tmp_path / "copy.db")[1])["total"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["search", "chair", "--scene", "cellar"], 1, ["cellar", "attic, barn"]),
        (["search", "chair", "--db", "nowhere.db"], 1, ["no database", "core3d index"]),
        (["search"], 2, ["what to find"]),
        (["search", "chair", "--within", "1,2"], 2, ["x,y,z"]),
        (["search", "chair", "--json", "--csv"], 2, ["--csv"]),
        (["search", "--batch", "nowhere.txt"], 1, ["nowhere.txt"]),
        (["show", "cellar"], 1, ["cellar"]),
        (["index", "nowhere"], 1, ["nowhere does not exist"]),
        (["index", ".", "--profile", "best"], 1, ["best", "built-in"]),
        (["index", ".", "--set", "fusion.gama=1"], 1, ["gama", "gamma"]),
        (["frobnicate"], 2, ["frobnicate"]),
    ],
)
def test_mistakes_are_told_on_stderr_with_the_right_exit_code(core3d, tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    got, out, err = core3d(*arguments)
    assert (got, out) == (code, "")
    assert all(word in err for word in words)


def test_every_command_has_help(core3d):
    _, out, _ = core3d("--help")
    for command in ("index", "search", "count", "scenes", "show", "demo", "db", "doctor", "weights"):
        assert command in out
        assert core3d(command, "--help")[0] == 0


def test_the_default_threshold_is_that_of_the_searcher():
    from core3d_search.cli import options
    from core3d_search.search.scoring import THRESHOLD

    assert options.THRESHOLD == THRESHOLD


def test_tags_notes_and_names(core3d):
    assert core3d("tag", 1, "Mine", "to sell")[1] == "tags: mine, to sell\n"
    assert json.loads(core3d("note", 1, "broken leg", "--set", "price=3.5", "--json")[1]) == {
        "schema_version": 1,
        "scene": None,
        "object_id": 1,
        "tags": ["mine", "to sell"],
        "note": "broken leg",
        "properties": {"price": 3.5},
    }
    assert "price: 3.5" in core3d("tag", 1, "--remove", "to sell")[1]
    hits = json.loads(core3d("search", "chair", "--tag", "mine", "--json")[1])["hits"]
    assert [hit["object_id"] for hit in hits] == [1]
    assert core3d("rename", "attic", "loft")[0] == 0
    assert core3d("tag", "loft", "upstairs")[1] == "tags: upstairs\n"
    assert len(json.loads(core3d("search", "chair", "--tag", "upstairs", "--json")[1])["hits"]) == 3


def test_pictures_of_scenes_whose_scans_are_gone_are_told(core3d, known_db):
    with Store.open(known_db) as store:
        item = replace(ATTIC[0], views=(View(0, (0, 0, 8, 8), 1.0),))
        write_objects(store, "attic", [item], (0.0, 0.0, 1.0))
    code, _, err = core3d("db", "thumbnails")
    assert code == 1
    assert "attic: the scan of 'attic' is not at /scans/attic any more" in err
    assert "barn: 0 made" in err, "no view was kept of its objects, and the other scene does not stop it"


def test_repair_of_a_sound_database_changes_nothing(core3d):
    assert core3d("db", "repair")[1] == "nothing was damaged\n"
    assert core3d("db", "upgrade")[0] == 0
    assert float(json.loads(core3d("db", "recall", "--json", "-k", 3)[1])["measured"][0]["recall"]) == 1


def test_a_scene_goes_into_a_file_and_into_another_database(core3d, tmp_path):
    target = tmp_path / "attic.db"
    code, _, err = core3d("db", "export", target, "--scene", "attic")
    assert (code, err) == (0, f"{target}: 1 scenes, 6 objects\n")
    assert [each.name for each in tmp_path.iterdir() if "part" in each.name] == []
    assert core3d("db", "export", target)[0] == 1
    hits = json.loads(core3d("search", "red chair near window", "--json", "--db", target)[1])["hits"]
    assert [hit["object_id"] for hit in hits] == [1]
    code, _, err = core3d("db", "import", target)
    assert code == 1
    assert "scene 'attic' is in" in err
    assert core3d("db", "import", target, "--replace")[0] == 0
    assert core3d("db", "import", target, "--db", tmp_path / "new.db")[0] == 0
    assert core3d("db", "check", "--db", tmp_path / "new.db")[0] == 0
