"""A folder is there complete, or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from core3d_search.errors import InputError
from core3d_search.synthetic import demo, demo_rooms
from core3d_search.synthetic.whole_folder import whole_folder


def test_it_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    with whole_folder(target) as work:
        (work / "file").write_text("x")
        assert not target.exists()
    assert [entry.name for entry in target.iterdir()] == ["file"]
    assert os.listdir(target.parent) == ["b"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with whole_folder(tmp_path / "empty") as work:
        (work / "file").write_text("x")
    assert os.listdir(tmp_path / "empty") == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_others_may_read_it_as_the_umask_says(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with whole_folder(tmp_path / "whole"):
        pass
    assert stat.S_IMODE((tmp_path / "whole").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_nothing_behind(tmp_path: Path, error: type[BaseException]) -> None:
    def write() -> None:
        with whole_folder(tmp_path / "a" / "b") as work:
            (work / "file").write_text("x")
            raise error

    with pytest.raises(error):
        write()
    assert os.listdir(tmp_path) == []


def test_what_is_there_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="not empty"), whole_folder(tmp_path / "full"):
        pass
    with pytest.raises(InputError, match="is a file"), whole_folder(tmp_path / "file"):
        pass
    with pytest.raises(InputError, match="cannot write to"), whole_folder(tmp_path / "file" / "below"):
        pass
    assert sorted(os.listdir(tmp_path)) == ["file", "full"]


def test_what_appeared_meanwhile_is_kept(tmp_path: Path) -> None:
    def write() -> None:
        with whole_folder(tmp_path / "a") as work:
            (work / "file").write_text("x")
            (tmp_path / "a").mkdir()
            (tmp_path / "a" / "theirs").write_text("y")

    with pytest.raises(InputError, match="not empty"):
        write()
    assert os.listdir(tmp_path / "a") == ["theirs"]
    assert os.listdir(tmp_path) == ["a"]


def test_a_demo_that_fails_midway_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(room: str, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        demo_rooms("scenes", count=1, frames=3, width=64, height=48, progress=fail)
    assert os.listdir(tmp_path) == []
    (room,) = demo_rooms("scenes", count=1, frames=3, width=64, height=48)
    assert room == Path("scenes") / demo.plan_demo(count=1)[0].name
    assert len(list((room / "color").iterdir())) == 3
