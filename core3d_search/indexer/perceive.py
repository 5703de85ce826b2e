"""Frames to objects: masks, lifting, fusion. Needs no store, and no encoder unless fusion is told to compare looks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from threading import Lock

from core3d_search.encoders import Encoder
from core3d_search.errors import InputError
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.crops import embed_observations
from core3d_search.indexer.frames import Frame, SceneReader
from core3d_search.indexer.fusion import FusedObject, fuse
from core3d_search.indexer.journal import FinishedFrame, FrameNote, Journal
from core3d_search.indexer.lifting import Observation, lift
from core3d_search.indexer.masks import MaskGenerator, takes_several
from core3d_search.indexer.masks.progressive import progressive_masks
from core3d_search.indexer.overlap import in_order, one_core_each, thread_count
from core3d_search.indexer.planes import Structure, estimate_up, find_structure
from core3d_search.indexer.report import StageClock, StageProgress, silent


@dataclass(frozen=True, eq=False)
class SceneResult:
    """What a scene was found to hold: its `structure`, every frame that was looked at, all `observations`, and the
    `objects` that they became, largest first; `members` of an object are positions among `observations`."""

    structure: Structure
    frames: Sequence[FrameNote]
    observations: Sequence[Observation]
    objects: Sequence[FusedObject]


def perceive(
    reader: SceneReader,
    generator: MaskGenerator,
    config: IndexConfig,
    journal: Journal,
    *,
    encoder: Encoder | None = None,
    progress: StageProgress = silent,
) -> SceneResult:
    """Return the objects of a scene; `journal` gets each frame as it is done, and the seconds of each stage; a frame
    that it has from an interrupted run is not looked at again.

    Frames are worked on side by side, a core each; what comes of it does not depend on how many. A frame that cannot
    be used is skipped and noted with the reason. `encoder` is needed only where
    `fusion.min_similarity` compares looks. Raises InputError where no frame can be used.
    """
    structure = look_for_structure(reader, config, journal.clock, progress)
    generator = generator.for_scene(structure)
    positions = config.frames.positions(len(reader))
    looker = _Looker(reader, generator, structure, config, encoder)
    threads = thread_count()
    with one_core_each(threads):
        looks = in_order(looker.look, [p for p in positions if not journal.finished(p)], threads)
        for done, position in enumerate(positions, 1):
            if not journal.resume(position):
                journal.take(next(looks))
            progress(reader.name, "frames", done, len(positions), len(journal.skipped))
    if not journal.used_count:
        first = journal.skipped[0].reason if journal.skipped else "it has no frames"
        raise InputError(f"no frame of scene {reader.name!r} can be used; the first: {first}")
    with journal.clock("fuse"):
        objects = fuse(journal.observations, journal.cameras, config.fusion, structure.up, structure)
    return SceneResult(structure, journal.frames, journal.observations, objects)


def look_for_structure(
    reader: SceneReader, config: IndexConfig, clock: StageClock, progress: StageProgress = silent
) -> Structure:
    """Return gravity, floor, walls and ceiling, from a sample of the frames; unreadable ones are reported later."""
    with clock("structure"):
        if not config.structure.enabled and reader.up is not None:
            return Structure(reader.up)
        positions = config.frames.positions(len(reader))
        sample = positions[:: -(-len(positions) // config.structure.frames)]
        frames = []
        for done, position in enumerate(sample):
            progress(reader.name, "structure", done, len(sample))
            try:
                frames.append(read(reader, position, config))
            except InputError:
                continue
        progress(reader.name, "structure", len(sample), len(sample))
        up = estimate_up(frames) if reader.up is None else reader.up
        return find_structure(frames, up, config.structure.tolerance_m) if config.structure.enabled else Structure(up)


def read(reader: SceneReader, position: int, config: IndexConfig) -> Frame:
    """Return a frame in the size in which it is looked at; raises InputError where it cannot be read."""
    return reader[position].fitted(config.frames.longest_side_px)


class _Looker:
    """What it takes to look at one frame; several threads may, each at another frame.

    Frames are read one at a time, for a reader may hold one file open, and masked one at a time where the generator
    does not say that it takes several.
    """

    def __init__(
        self,
        reader: SceneReader,
        generator: MaskGenerator,
        structure: Structure,
        config: IndexConfig,
        encoder: Encoder | None,
    ) -> None:
        self._reader, self._generator, self._structure, self._config = reader, generator, structure, config
        self._encoder = encoder if config.fusion.min_similarity > -1 else None
        self._reading, self._embedding = Lock(), Lock()
        self._masking = nullcontext() if takes_several(generator) else Lock()

    def look(self, position: int) -> FinishedFrame:
        """Read, mask and lift the frame at `position`, and return what came of it."""
        clock = StageClock()
        try:
            with self._reading, clock("read"):
                frame = read(self._reader, position, self._config)
        except InputError as error:
            return FinishedFrame(FrameNote(position, skip_reason=str(error)), (), 0, clock)
        with self._masking, clock("masks"):
            proposed = self._generator.generate(frame)
        with clock("granularity"):
            to_drop = None if self._generator.leaves_structure_out else self._structure
            detections = progressive_masks(proposed, frame, self._config.masks, to_drop)
        with clock("lift"):
            observations = lift(frame, detections, self._config.lifting)
        if self._encoder is not None:
            with self._embedding, clock("embed"):
                looks = embed_observations(frame, observations, self._encoder, self._config.crops)
                observations = [replace(seen, embedding=look) for seen, look in zip(observations, looks, strict=True)]
        return FinishedFrame(FrameNote.of(position, frame), observations, len(detections), clock)
