"""Which scans of a watched folder are complete, by a clock of the test's own."""

import os
from pathlib import Path

from core3d_search.indexer.watching import Settling, signatures

A, B = Path("a"), Path("b")


def files(*sizes: int) -> frozenset[tuple[str, int, int]]:
    return frozenset((f"file{i}", size, 7) for i, size in enumerate(sizes))


def test_a_scan_is_taken_once_it_has_kept_still_for_the_settle_period_and_not_before():
    settling = Settling(2.0)
    assert settling.take({A: files(1)}, 10.0) == []
    assert settling.take({A: files(1)}, 11.9) == []
    assert settling.waiting
    assert settling.take({A: files(1)}, 12.0) == [A]
    assert not settling.waiting
    assert settling.take({A: files(1)}, 100.0) == []


def test_every_change_starts_the_wait_anew():
    settling = Settling(2.0)
    for second, state in enumerate([files(1), files(1, 1), files(1, 2), files(1, 2, 3)]):
        assert settling.take({A: state}, second * 1.5) == []
    assert settling.take({A: files(1, 2, 3)}, 6.4) == []
    assert settling.take({A: files(1, 2, 3)}, 6.5) == [A]


def test_one_that_is_still_copied_holds_up_no_other():
    settling = Settling(2.0)
    settling.take({A: files(1), B: files(1)}, 0.0)
    assert settling.take({A: files(1), B: files(2)}, 2.0) == [A]
    assert settling.take({A: files(1), B: files(2)}, 4.0) == [B]


def test_a_scan_is_taken_again_when_its_files_change_or_it_comes_back():
    settling = Settling(0.0)
    assert settling.take({A: files(1)}, 0.0) == [A]
    assert settling.take({A: files(2)}, 1.0) == [A]
    assert settling.take({}, 2.0) == []
    assert not settling.waiting
    assert settling.take({A: files(2)}, 3.0) == [A]


def test_a_signature_tells_size_time_and_place_of_every_file_and_leaves_the_database_out(tmp_path):
    scan = tmp_path / "scan"
    (scan / "color").mkdir(parents=True)
    image = scan / "color" / "0.jpg"
    image.write_bytes(b"half")
    states = [signatures([scan])[scan]]
    image.write_bytes(b"whole")
    states.append(signatures([scan])[scan])
    os.utime(image, ns=(1, 1))
    states.append(signatures([scan])[scan])
    image.rename(scan / "0.jpg")
    states.append(signatures([scan])[scan])
    assert len(set(states)) == 4
    (scan / "core3d.db").write_bytes(b"rows")
    assert signatures([scan], lambda file: file.name == "core3d.db")[scan] == states[-1]


def test_to_a_file_belong_its_companions_but_no_other_scan(tmp_path):
    chair, table, room = tmp_path / "chair.obj", tmp_path / "table.obj", tmp_path / "room"
    (tmp_path / "textures").mkdir()
    room.mkdir()
    names = ["chair.obj", "table.obj", "chair.mtl", "textures/wood.png", "room/frame.png"]
    for name in names:
        (tmp_path / name).write_text(name)
    found = signatures([chair, room, table])
    told = {source: {str(Path(file).relative_to(tmp_path)) for file, _, _ in found[source]} for source in found}
    assert told[chair] == {"chair.obj", "chair.mtl", os.path.join("textures", "wood.png")}
    assert told[room] == {os.path.join("room", "frame.png")}
    assert signatures([tmp_path / "gone.obj"])[tmp_path / "gone.obj"]
