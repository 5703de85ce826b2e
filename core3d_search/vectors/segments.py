"""One immutable piece of a mapped index: quantised vectors in files that are mapped into memory, not read.

Vectors have eight bits a number (eight_bit.py), which re-ranking with the stored vectors mends. A piece of LISTS_FROM
vectors or more is sorted into lists around centroids (k-means), and a search looks into the nearest ones (inverted
file; Jegou, Douze, Schmid, "Product quantization for nearest neighbor search", TPAMI 2011, section IV).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from core3d_search.vectors import eight_bit
from core3d_search.vectors.columns import COLUMNS, Columns, Names

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

LISTS_FROM = 50_000
"""Below, a scan of everything takes less than 10 ms and is exact."""

LEAST_PROBED, PROBED_FOR_EACH = 16, 8
"""Lists that a search looks into: at least so many, and enough to hold so many times as many vectors as are asked."""

CHUNK = 8192
"""Vectors that are unpacked at a time: 16 MB of 512 numbers."""

PARTS = (
    "ids", "scene_ids", "codes", "scales", "centroids", "starts", "columns", "names", "given", "by_label", "by_scene",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Segment:
    """N vectors by list: `ids` and `scene_ids` (N,), `codes` (N, D) int8 times `scales` (N,); `centroids` (L, D) and
    `starts` (L + 1,), one list for a small segment. `columns` (N,) and `names` are described in columns.py, `given`
    says of each name whether some scene's own files gave it; `by_label` and `by_scene` (N,) are the rows in the order
    of their labels and scenes. `name` is that of the folder."""

    name: str
    ids: Ids
    scene_ids: Ids
    codes: npt.NDArray[np.int8]
    scales: Floats
    centroids: Floats
    starts: Ids
    columns: Columns
    names: Names
    given: npt.NDArray[np.bool_]
    by_label: npt.NDArray[np.int32]
    by_scene: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _label_starts(self) -> Ids:
        """Where in `by_label` the rows of no label and of each name begin, (names + 2,)."""
        return np.searchsorted(self.columns["label"][self.by_label], np.arange(-1, len(self.names) + 1))

    @cached_property
    def _scenes(self) -> tuple[Ids, Ids]:
        """The scenes (S,), ascending, and where in `by_scene` their rows begin, (S + 1,)."""
        scenes, starts = np.unique(self.scene_ids[self.by_scene], return_index=True)
        return scenes, np.append(starts, len(self))

    def labelled(self, code: int) -> Ids:
        """Return the rows, ascending, whose label has this code; -1 for no label."""
        return np.asarray(self.by_label[self._label_starts[code + 1] : self._label_starts[code + 2]], np.int64)

    def in_scenes(self, wanted: Ids) -> Ids:
        """Return the rows of the scenes `wanted`, ascending ids, scene by scene."""
        scenes, starts = self._scenes
        places = np.flatnonzero(np.isin(scenes, wanted))
        count = starts[places + 1] - starts[places]
        within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        return np.asarray(self.by_scene[within + np.repeat(starts[places], count)], np.int64)

    def nearest(
        self, query: Floats, count: int, live: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return rows and approximate inner products that hold the `count` greatest of the live rows, unordered."""
        rows, products = self._probed(query, count, live)
        if len(rows) > count:
            scales = np.asarray(self.scales[rows[:1000]])
            rows = rows[_close(products, count, eight_bit.rough_rounding(query, scales))]
            products = self.products(query, rows)
            close = _close(products, count, eight_bit.rounding(query, scales))
            most = max(4 * count, 4096)
            if len(close) > most:
                close = close[np.lexsort((self.ids[rows[close]], -products[close]))[:most]]
            rows, products = rows[close], products[close]
        return rows, products

    def _probed(
        self, query: Floats, count: int, live: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return the live rows of the lists that are nearest to `query`, and their rough products."""
        probed = np.arange(len(self.starts) - 1)
        if len(probed) > LEAST_PROBED:
            mean = len(self) / len(probed)
            lists = min(len(probed), max(LEAST_PROBED, int(np.ceil(PROBED_FOR_EACH * count / mean))))
            probed = np.argpartition(-(self.centroids @ query), lists - 1)[:lists]
            probed = np.sort(probed)
        starts, stops = self.starts[probed].tolist(), self.starts[probed + 1].tolist()
        ranges = [slice(start, stop) for start, stop in zip(starts, stops, strict=True)]
        found = np.concatenate([np.arange(each.start, each.stop) for each in ranges])
        values = eight_bit.rough_products(np.asarray(self.codes), np.asarray(self.scales), ranges, query)
        if live is None:
            return found, values
        return found[live[found]], values[live[found]]

    def products(self, query: Floats, rows: slice | npt.NDArray[np.intp]) -> Floats:
        """Return the approximate inner products of some rows with `query` (D,), or with several (T, D): (N, T)."""
        return eight_bit.products(np.asarray(self.codes), np.asarray(self.scales), rows, query)

    def write(self, folder: Path) -> Segment:
        """Keep the segment in `folder`, in one step; return it as mapped from there."""
        draft = folder / f"{self.name}.part"
        try:
            draft.mkdir(parents=True)
            for part in PARTS:
                np.save(draft / f"{part}.npy", getattr(self, part), allow_pickle=False)
            os.replace(draft, folder / self.name)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return opened(folder, self.name)


def _close(products: Floats, count: int, width: float) -> npt.NDArray[np.intp]:
    """Return which products are at most `width` below the `count`-th greatest."""
    return np.flatnonzero(products >= np.partition(products, -count)[-count] - width)


def opened(folder: Path, name: str) -> Segment:
    """Map the segment that was kept under `name`; raises OSError or ValueError where it is not there whole."""
    parts = {part: np.load(folder / name / f"{part}.npy", mmap_mode="r", allow_pickle=False) for part in PARTS}
    segment = Segment(name, **parts)
    count, dimension = segment.codes.shape
    rows = (segment.ids, segment.scene_ids, segment.scales, segment.columns, segment.by_label, segment.by_scene)
    lists = len(segment.starts) - 1
    if (
        segment.given.shape != segment.names.shape
        or any(each.shape != (count,) for each in rows)
        or segment.columns.dtype != COLUMNS
        or segment.centroids.shape != (lists, dimension)
        or segment.starts[-1] != count
    ):
        raise ValueError(f"the parts of {folder / name} do not fit together")
    return segment


def made(
    ids: Ids, scene_ids: Ids, codes: npt.NDArray[np.int8], scales: Floats, described: tuple[Columns, Names]
) -> Segment:
    """Return a segment of quantised vectors and their columns, sorted into lists where there are many."""
    columns, names = described
    name = uuid4().hex
    count, dimension = codes.shape
    if count < LISTS_FROM:
        nothing = np.zeros((1, dimension), np.float32)
        starts = np.array([0, count], np.int64)
        orders = _orders(columns, names, scene_ids)
        return Segment(name, ids, scene_ids, codes, scales, nothing, starts, columns, names, *orders)
    from core3d_search.vectors.faiss import centroids_of

    lists = round(count**0.5)
    sample = np.sort(np.random.default_rng(0).choice(count, min(count, 40 * lists), replace=False))
    centroids = centroids_of(codes[sample] * scales[sample, None], lists)
    chosen = np.empty(count, np.int32)
    for start in range(0, count, CHUNK):
        chosen[start : start + CHUNK] = np.argmax(codes[start : start + CHUNK].astype(np.float32) @ centroids.T, axis=1)
    order = np.argsort(chosen, kind="stable")
    starts = np.searchsorted(chosen[order], np.arange(lists + 1)).astype(np.int64)
    columns, scene_ids = columns[order], scene_ids[order]
    rows = ids[order], scene_ids, codes[order], scales[order]
    return Segment(name, *rows, centroids, starts, columns, names, *_orders(columns, names, scene_ids))


def _orders(
    columns: Columns, names: Names, scene_ids: Ids
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return what `Segment.given`, `by_label` and `by_scene` describe."""
    given = np.isin(np.arange(len(names)), columns["label"][columns["given"]])
    by_label = np.argsort(columns["label"], kind="stable")
    return given, by_label.astype(np.int32), np.argsort(scene_ids, kind="stable").astype(np.int32)
