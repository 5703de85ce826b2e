"""An asset library: models a second, and whether models are found by their names, and by kind without names.

    python benchmarks/library.py LIBRARY [--models 200] [--only-names]

LIBRARY is a folder with a `catalog.json` (a list of objects with `key`, `name`, `category`, `path`), as
`extract_sh3d.py` writes one. The same models are indexed twice as one scene: as they are, and in folders called by
numbers and without the catalogue, so that only their looks are left.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from core3d_search import Searcher
from core3d_search.datatypes import Box3D
from core3d_search.encoders import load_encoder
from core3d_search.indexer.config import resolve
from core3d_search.indexer.frames import ReadOptions
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import index_scene
from core3d_search.indexer.readers.library import PITCH_M, VIEWS, LibraryReader
from core3d_search.meshes.names import spoken, words
from core3d_search.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--only-names", action="store_true", help="leave out the second half, without names")
    arguments = parser.parse_args()
    catalog = json.loads((arguments.library / "catalog.json").read_text())
    chosen = [catalog[n * len(catalog) // arguments.models] for n in range(min(arguments.models, len(catalog)))]
    with tempfile.TemporaryDirectory() as kept:
        named, bare = Path(kept) / "named", Path(kept) / "bare"
        folders = [Path(entry["path"]).parent for entry in chosen]
        for number, folder in enumerate(folders):
            shutil.copytree(arguments.library / folder, named / folder)
            shutil.copytree(arguments.library / folder, bare / f"{number:04}")
        (named / "catalog.json").write_text(json.dumps(chosen))
        report_names(index(named), chosen)
        if not arguments.only_names:
            report_kinds(index(bare), chosen)


def index(folder: Path) -> Path:
    """Index a folder as a library, tell how fast, and return the database."""
    config, db = resolve(), folder.with_suffix(".db")
    generator, encoder = make_generator(config.masks), load_encoder(config.encoder.name)
    reader = LibraryReader.open(folder, ReadOptions(objects="whole"))
    count, start, cpu = len(reader) // VIEWS, time.perf_counter(), time.process_time()
    with Store.open(db, create=True) as store:
        report = index_scene(reader, store, generator, encoder, config)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(f"{folder.name}: {report.objects} objects of {count} models, {len(report.skipped)} frames skipped")
    print(f"{folder.name}: {count / wall:.2f} models a second ({wall:.0f} s wall, {cpu:.0f} s CPU)")
    return db


def report_names(db: Path, chosen: list[dict[str, Any]]) -> None:
    """Tell how many models are found in the first five by the catalogue's name, and by that with the key."""
    texts = {
        "its own name": lambda entry: spoken(f"{entry['name']} {entry['key']}"),
        "the catalogue's name (others may share it)": lambda entry: entry["name"],
    }
    labels = [spoken(f"{entry['name']} {entry['key']}") for entry in chosen]
    with Searcher.open(str(db)) as searcher:
        for what, text in texts.items():
            hits = [[hit.label for hit in searcher.search(text(entry), k=5)] for entry in chosen]
            found = sum(label in five for label, five in zip(labels, hits, strict=True))
            print(f"by {what}: itself in the first five {found} of {len(chosen)} ({found / len(chosen):.1%})")


def standing(box: Box3D, count: int) -> int:
    """Return which model of a library of `count` stands where `box` is."""
    column, row = np.round(box.center[:2] / PITCH_M).astype(int).tolist()
    return int(row * np.ceil(np.sqrt(count)) + column)


def report_kinds(db: Path, chosen: list[dict[str, Any]]) -> None:
    """Tell, of the words that models' names end with, how many find one of that word in the first one and five."""
    kinds = [words(entry["name"])[-1:] for entry in chosen]
    by_word: dict[str, set[int]] = {}
    for number, kind in enumerate(kinds):
        for word in kind:
            by_word.setdefault(word, set()).add(number)
    first = five = 0
    with Searcher.open(str(db)) as searcher:
        for word, own in by_word.items():
            hits = [standing(hit.box, len(chosen)) for hit in searcher.search(word, k=5)]
            first += bool(hits) and hits[0] in own
            five += any(hit in own for hit in hits)
    share = 100 / len(by_word)
    print(
        f"without names, {len(by_word)} category words: first hit {first * share:.1f} %, in five {five * share:.1f} %"
    )


if __name__ == "__main__":
    main()
