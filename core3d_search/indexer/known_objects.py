"""Objects of scenes whose parts are known: one for each part, or names for those that masks found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import View
from core3d_search.errors import InputError
from core3d_search.geometry import fit_box
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.detections import PackedMask
from core3d_search.indexer.frames import Frame, SceneReader
from core3d_search.indexer.fusion import FusedObject
from core3d_search.indexer.journal import FrameNote, Journal
from core3d_search.indexer.known import KnowsParts, part_image_like
from core3d_search.indexer.lifting import Observation
from core3d_search.indexer.perceive import SceneResult, read
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.report import StageProgress, silent
from core3d_search.indexer.surfaces import back_project, to_world

MIN_PIXELS = 12
"""A part that shows fewer pixels in a frame is not observed there."""
MOST_VIEWS = 6
"""Observations kept of each part: those that show most of it."""
MOST_POINTS = 300
MOSTLY = 0.6
"""An object takes the name of a part that makes up this share of its pixels."""


def perceive_parts(
    reader: SceneReader,
    known: KnowsParts,
    config: IndexConfig,
    journal: Journal,
    *,
    progress: StageProgress = silent,
) -> SceneResult:
    """Return one object for each part with a name that any frame shows, largest first; no mask is looked for.

    `journal` gets each frame as it is done. Raises InputError where no frame can be used or no part has a name.
    """
    names = known.part_names()
    best: dict[int, list[Observation]] = defaultdict(list)
    positions = list(config.frames.positions(len(reader)))
    for done, position in enumerate(positions, 1):
        try:
            with journal.clock("read"):
                frame = read(reader, position, config)
                shown = part_image_like(known, position, frame)
        except InputError as error:
            journal.add(FrameNote(position, skip_reason=str(error)))
            continue
        with journal.clock("lift"):
            for part, seen in _observed(frame, shown, names):
                best[part] = sorted([*best[part], seen], key=_worth, reverse=True)[:MOST_VIEWS]
        journal.add(FrameNote.of(position, frame))
        progress(reader.name, "frames", done, len(positions), len(journal.skipped))
    if not journal.used_count:
        first = journal.skipped[0].reason if journal.skipped else "it has no frames"
        raise InputError(f"no frame of scene {reader.name!r} can be used; the first: {first}")
    if not best:
        raise InputError(f"scene {reader.name!r}: no frame shows a part with a name; --objects masks looks for objects")
    objects: list[FusedObject] = []
    with journal.clock("fuse"):
        for part in sorted(best):
            before = len(journal.observations)
            journal.observations += best[part]
            members = tuple(range(before, len(journal.observations)))
            objects.append(_object(known, part, names[part], best[part], members, config, _up(reader)))
    objects.sort(key=lambda fused: (-float(np.prod(fused.box.extent)), tuple(fused.box.center)))
    return SceneResult(Structure(_up(reader)), journal.frames, journal.observations, objects)


def with_names(result: SceneResult, reader: SceneReader, known: KnowsParts, config: IndexConfig) -> SceneResult:
    """Return `result` with the name of a part for each object that shows mostly that part."""
    names = known.part_names()
    votes = [np.zeros(len(names) + 1, np.int64) for _ in result.objects]
    owners = {member: number for number, fused in enumerate(result.objects) for member in fused.members}
    by_frame: dict[int, list[int]] = defaultdict(list)
    for member in owners:
        by_frame[result.observations[member].frame].append(member)
    for position, members in sorted(by_frame.items()):
        shown = part_image_like(known, position, read(reader, position, config))
        for member in members:
            own = shown[result.observations[member].mask.in_image(*shown.shape)]
            votes[owners[member]] += np.bincount(own + 1, minlength=len(names) + 1)
    objects = []
    for fused, count in zip(result.objects, votes, strict=True):
        part = int(np.argmax(count[1:])) if len(names) else -1
        clear = part >= 0 and count[part + 1] >= MOSTLY * max(1, count.sum())
        objects.append(replace(fused, name=names[part]) if clear else fused)
    return replace(result, objects=objects)


def _observed(frame: Frame, shown: npt.NDArray[np.int32], names: Sequence[str]) -> list[tuple[int, Observation]]:
    """Return an observation of each named part that `frame` shows well enough."""
    height, width = shown.shape
    counts = np.bincount(shown.ravel() + 1, minlength=len(names) + 1)[1:]
    points = back_project(frame.depth, frame.intrinsics)
    found = []
    for part in np.flatnonzero(counts >= MIN_PIXELS).tolist():
        if not names[part]:
            continue
        mask = shown == part
        rows, columns = np.nonzero(mask)
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)
        every = -(-len(rows) // MOST_POINTS)
        rows, columns = rows[::every], columns[::every]
        world = to_world(points[rows, columns], frame.world_from_camera).astype(np.float32)
        at_border = bool(box[0] <= 0 or box[1] <= 0 or box[2] >= width or box[3] >= height)
        depth = float(np.median(frame.depth[rows, columns]))
        found.append(
            (
                part,
                Observation(
                    frame.index, box, 1.0, 1, world, frame.rgb[rows, columns], PackedMask.of(mask, box),
                    int(counts[part]), at_border, depth,
                ),
            )
        )  # fmt: skip
    return found


def _worth(seen: Observation) -> float:
    """Return how much an observation shows; one that is cut by the image border counts half."""
    return seen.pixel_count * (0.5 if seen.at_border else 1.0)


def _object(
    known: KnowsParts, part: int, name: str, seen: list[Observation], members: tuple[int, ...], config: IndexConfig,
    up: npt.NDArray[np.float64],
) -> FusedObject:  # fmt: skip
    points, colors = known.part_surface(part)
    most = max(observation.pixel_count for observation in seen)
    views = tuple(
        View(observation.frame, tuple(observation.box.tolist()), observation.pixel_count / most)
        for observation in seen[: config.fusion.views]
    )
    return FusedObject(points, colors, fit_box(points, up), members, views, name)


def _up(reader: SceneReader) -> npt.NDArray[np.float64]:
    """Return the direction against gravity, which files with known parts say, or their reader judged."""
    return np.array((0.0, 0.0, 1.0)) if reader.up is None else reader.up
