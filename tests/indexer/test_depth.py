"""What `index` says of a scan whose objects the built-in encoder cannot name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core3d_search.cli.index import _print_depth
from core3d_search.indexer.config import PROFILES, resolve
from core3d_search.indexer.depth import LEAST_OBJECTS, LIKELY, depth_note, likely_names
from core3d_search.indexer.report import RunReport
from tests.fakes import ATTIC

BUILT_IN = resolve("built-in")


def report(objects: int, named: int) -> RunReport:
    return RunReport("hall", 20, objects=objects, named=named)


def test_a_name_is_likely_from_one_half_on() -> None:
    things = [replace(ATTIC[0], label_score=score) for score in (0.0, LIKELY - 0.01, LIKELY, 1.0)]
    assert likely_names(things) == 2


def test_a_scan_of_mostly_nameless_things_is_told_with_a_profile_that_sees_more() -> None:
    note = depth_note(report(20, 9), BUILT_IN)
    assert note is not None
    assert note.startswith("only 9 of 20 objects have a likely name")
    (named,) = [name for name in PROFILES if f"--profile {name}," in note]
    assert PROFILES[named].encoder.name != "built-in"


@pytest.mark.parametrize(("objects", "named"), [(20, 10), (20, 20), (LEAST_OBJECTS - 1, 0), (0, 0)])
def test_a_scan_that_is_mostly_named_or_holds_little_is_not(objects: int, named: int) -> None:
    assert depth_note(report(objects, named), BUILT_IN) is None


def test_neither_an_unchanged_scan_nor_another_encoder_is_judged() -> None:
    assert depth_note(replace(report(20, 0), unchanged=True), BUILT_IN) is None
    assert depth_note(report(20, 0), resolve("core3d")) is None
    assert depth_note(report(20, 0), resolve("fast")) is not None


def test_people_read_it_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    _print_depth(report(20, 3), BUILT_IN)
    _print_depth(report(20, 19), BUILT_IN)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("warning: only 3 of 20 objects have a likely name") == 1
    assert "19 of 20" not in captured.err
