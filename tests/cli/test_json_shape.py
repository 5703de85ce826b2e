"""Every `--json` is one object with a schema version, and docs/json.md names exactly its keys."""

import json
import re
from pathlib import Path

import pytest

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text(encoding="utf-8")


def documented(first_cell: str) -> set[str]:
    """Return the keys in the row of docs/json.md whose first cell, or command, is this."""
    for line in DOCS.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3 and first_cell in (cells[1], *re.findall(r"`[^`]+`", cells[1])):
            return set(re.findall(r"`([a-z_0-9]+)`", cells[2]))
    raise LookupError(first_cell)


ROWS = {
    "answer": ["search", "red chair near window", "--explain"],
    "several answers": ["search", "--batch", "queries.txt"],
    "count": ["count", "chairs"],
    "scenes": ["scenes"],
    "objects": ["show", "attic"],
    "stored runs": ["show", "attic", "--runs"],
    "marks": ["tag", "1", "mine"],
    "`core3d formats`": ["formats"],
    "`core3d profiles`": ["profiles"],
    "`core3d models list`": ["models", "list"],
    "`core3d db info`": ["db", "info"],
    "`core3d db check`": ["db", "check"],
    "`core3d db repair`": ["db", "repair"],
    "`core3d db recall`": ["db", "recall", "-k", "2"],
}


@pytest.mark.parametrize("row", ROWS)
def test_a_command_says_the_documented_keys_and_the_version(core3d, tmp_path, monkeypatch, row):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "queries.txt").write_text("chair\nlamp\n")
    code, out, _ = core3d(*ROWS[row], "--json")
    document = json.loads(out)
    assert code == 0
    assert document["schema_version"] == 1
    assert set(document) == documented(row)


def test_what_stands_in_documents_is_documented_too(core3d):
    document = json.loads(core3d("search", "is there a red chair near the window?", "--explain", "--json")[1])
    (hit,) = document["hits"]
    assert set(hit) == documented("hit")
    assert set(hit["reasons"][0]) == documented("reason")
    assert set(document["answer"]) == documented("answer to a question, else null")
    assert document["answer"]["text"].startswith("yes: chair #1 in attic")
    assert set(document["explanation"]) == documented("explanation where asked for, else null")
    assert set(json.loads(core3d("scenes", "--json")[1])["scenes"][0]) == documented("scene")
    assert set(json.loads(core3d("show", "attic", "--json")[1])["objects"][0]) == documented("object")


def test_the_report_of_a_run_has_the_keys_of_its_document():
    from dataclasses import fields

    from core3d_search.indexer.report import RunReport
    from core3d_search.search import documents

    keys = set(RunReport("attic", 3).to_dict())
    assert keys == documented("run of indexing") == {field.name for field in fields(documents.RunReport)}


def test_marks_say_whose_they_are(core3d):
    assert json.loads(core3d("tag", "1", "mine", "--json")[1])["object_id"] == 1
    assert json.loads(core3d("tag", "attic", "old", "--json")[1])["scene"] == "attic"
