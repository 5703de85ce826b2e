"""Indexes scenes: frames in, objects in the store out. `index_scene` is the table of contents of the pipeline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from core3d_search.datatypes import SceneObject
from core3d_search.encoders import Encoder, load_encoder
from core3d_search.errors import Core3DError, InputError, StoreError
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.crops import embed_detections
from core3d_search.indexer.frames import Frame, SceneReader
from core3d_search.indexer.fusion import FusedObject, fuse
from core3d_search.indexer.labels import Labeller
from core3d_search.indexer.lifting import Observation, lift
from core3d_search.indexer.masks import MaskGenerator
from core3d_search.indexer.masks.progressive import knows_structure, make_generator, progressive_masks
from core3d_search.indexer.planes import Structure, estimate_up, find_structure
from core3d_search.indexer.readers import fingerprint
from core3d_search.indexer.report import RunReport, SkippedFrame, StageClock
from core3d_search.store import EmbeddingModel, FrameRecord, ObservationRecord, RunRecord, SceneRecord, Store

RECORDED_LIBRARIES = ("numpy", "scipy", "scikit-image", "torch", "open_clip_torch", "pillow")


class Progress(Protocol):
    """Hears how far a stage of a scene has come: `done` of `total` steps, of which `skipped` failed."""

    def __call__(self, scene: str, stage: str, done: int, total: int, skipped: int = 0) -> None: ...


def _silent(scene: str, stage: str, done: int, total: int, skipped: int = 0) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """What became of one scene: its report, or the error that stopped it."""

    scene: str
    report: RunReport | None = None
    error: Core3DError | None = None


def index_scenes(
    scenes: Sequence[SceneReader],
    store: Store,
    config: IndexConfig,
    *,
    force: bool = False,
    progress: Progress = _silent,
) -> Iterator[Outcome]:
    """Index each of `scenes` and yield what became of it; one that fails does not stop those after it.

    Raises before the first scene what the encoder or mask generator raises when they are made.
    """
    encoder = load_encoder(config.encoder.name, **config.encoder.options)

    def downloading(done: int, total: int | None) -> None:
        progress(config.masks.generator, "download, MB", done >> 20, (total or done) >> 20)

    generator = make_generator(config.masks, progress=downloading)
    for reader in scenes:
        try:
            report = index_scene(reader, store, generator, encoder, config, force=force, progress=progress)
            yield Outcome(reader.name, report=report)
        except Core3DError as error:
            yield Outcome(reader.name, error=error)


def index_scene(
    reader: SceneReader,
    store: Store,
    generator: MaskGenerator,
    encoder: Encoder,
    config: IndexConfig,
    *,
    force: bool = False,
    progress: Progress = _silent,
) -> RunReport:
    """Find the objects of one scene and replace what the store holds of it.

    A scene whose files, config and models have not changed is left alone, unless `force`. A frame that cannot be used
    is skipped and reported; where none can, InputError is raised and the failed run recorded. The store is written in
    one transaction at the very end, so an interruption leaves it as it was.
    """
    run = _Run(reader, store, generator, encoder, config, progress)
    if not force and store.is_current(reader.name, run.fingerprint, run.config_checksum):
        return RunReport(reader.name, len(reader), objects=store.scene(reader.name).object_count, unchanged=True)
    try:
        structure = run.find_structure()
        run.fit_generator(structure)
        observations = [seen for frame in run.frames() for seen in run.observe(frame, structure)]
        fused = run.fuse(observations, structure)
        run.write(fused, observations, structure)
    except Core3DError as error:
        run.record_failure(error)
        raise
    return run.report(observations, fused)


class _Run:
    """One execution on one scene: the stages, and what they count."""

    def __init__(
        self,
        reader: SceneReader,
        store: Store,
        generator: MaskGenerator,
        encoder: Encoder,
        config: IndexConfig,
        progress: Progress,
    ) -> None:
        self.reader, self.store, self.config, self.progress = reader, store, config, progress
        self.generator, self.encoder = generator, encoder
        self.started = datetime.now(timezone.utc)
        self.clock = StageClock()
        self.fingerprint = fingerprint(reader)
        self.config_checksum = _checksum(config, generator, encoder)
        self.positions = config.frames.positions(len(reader))
        self.frame_records: list[FrameRecord] = []
        self.mask_count = 0

    @property
    def skipped(self) -> list[SkippedFrame]:
        return [SkippedFrame(record.number, record.skip_reason) for record in self.frame_records if record.skip_reason]

    def read(self, position: int) -> Frame:
        return self.reader[position].fitted(self.config.frames.longest_side_px)

    def find_structure(self) -> Structure:
        """Find gravity, floor, walls and ceiling in a sample of the frames; unreadable ones are reported later."""
        with self.clock("structure"):
            if not self.config.structure.enabled and self.reader.up is not None:
                return Structure(self.reader.up)
            sample = self.positions[:: -(-len(self.positions) // self.config.structure.frames)]
            frames = []
            for done, position in enumerate(sample):
                self.progress(self.reader.name, "structure", done, len(sample))
                try:
                    frames.append(self.read(position))
                except InputError:
                    continue
            self.progress(self.reader.name, "structure", len(sample), len(sample))
            up = estimate_up(frames) if self.reader.up is None else self.reader.up
            if not self.config.structure.enabled:
                return Structure(up)
            return find_structure(frames, up, self.config.structure.tolerance_m)

    def fit_generator(self, structure: Structure) -> None:
        """Make the generator anew, once a scene, where it wants to know the scene's structure."""
        if knows_structure(self.generator):
            self.generator = make_generator(self.config.masks, structure)

    def frames(self) -> Iterator[Frame]:
        """Yield the readable frames, keeping a record of each and the reason for those that are not."""
        for done, position in enumerate(self.positions):
            try:
                with self.clock("read"):
                    frame = self.read(position)
            except InputError as error:
                self.frame_records.append(FrameRecord(position, skip_reason=str(error)))
            else:
                height, width = frame.depth.shape
                record = FrameRecord(position, height, width, frame.intrinsics, frame.world_from_camera)
                self.frame_records.append(record)
                yield frame
            self.progress(self.reader.name, "frames", done + 1, len(self.positions), len(self.skipped))
        if len(self.skipped) == len(self.frame_records):
            first = self.skipped[0].reason if self.skipped else "it has no frames"
            raise InputError(f"no frame of scene {self.reader.name!r} can be used; the first: {first}")

    def observe(self, frame: Frame, structure: Structure) -> list[Observation]:
        """Return the observations of one frame."""
        config = self.config
        with self.clock("masks"):
            proposed = self.generator.generate(frame)
        with self.clock("granularity"):
            to_drop = None if knows_structure(self.generator) else structure
            detections = progressive_masks(proposed, frame, config.masks, to_drop)
        with self.clock("embed"):
            embeddings = embed_detections(frame, detections, self.encoder, config.crops)
        with self.clock("lift"):
            observations = lift(frame, detections, embeddings, config.lifting)
        self.mask_count += len(detections)
        return observations

    def fuse(self, observations: Sequence[Observation], structure: Structure) -> list[FusedObject]:
        with self.clock("fuse"):
            used = len(self.frame_records) - len(self.skipped)
            return fuse(observations, used, self.config.fusion, structure.up, structure)

    def write(self, fused: Sequence[FusedObject], observations: Sequence[Observation], structure: Structure) -> None:
        """Store the scene with its objects, in one transaction."""
        with self.clock("label"):
            objects = self._scene_objects(fused)
        members = [
            [
                ObservationRecord(o.frame, o.level, o.score, tuple(o.box.tolist()), o.pixel_count)
                for o in (observations[position] for position in item.members)
            ]
            for item in fused
        ]
        record = self._run_record(len(observations), len(objects))
        self.store.write_scene(self._scene_record(structure), self.frame_records, record, objects, members)

    def record_failure(self, error: Core3DError) -> None:
        record = self._run_record(0, 0, error=str(error))
        with suppress(StoreError):  # on a full disk this fails as well; the first error is the one to tell
            self.store.record_failed_run(self._scene_record(None), record)

    def report(self, observations: Sequence[Observation], fused: Sequence[FusedObject]) -> RunReport:
        return RunReport(
            self.reader.name,
            len(self.frame_records),
            tuple(self.skipped),
            self.mask_count,
            len(observations),
            len(fused),
            dict(self.clock.seconds),
        )

    def _scene_objects(self, fused: Sequence[FusedObject]) -> list[SceneObject]:
        labels = Labeller(self.encoder, self.config.labels).labels([item.embedding for item in fused])
        return [
            SceneObject(
                scene=self.reader.name,
                points=item.points,
                colors=item.colors,
                box=item.box,
                embedding=item.embedding,
                observation_count=item.observation_count,
                label=label,
                label_score=score,
                views=item.views,
            )
            for item, (label, score) in zip(fused, labels, strict=True)
        ]

    def _scene_record(self, structure: Structure | None) -> SceneRecord:
        up = structure.up if structure else self.reader.up
        return SceneRecord(
            self.reader.name,
            str(self.reader.source),
            self.reader.format,
            None if up is None else (float(up[0]), float(up[1]), float(up[2])),
        )

    def _run_record(self, observation_count: int, object_count: int, error: str | None = None) -> RunRecord:
        return RunRecord(
            started=self.started,
            seconds=(datetime.now(timezone.utc) - self.started).total_seconds(),
            fingerprint=self.fingerprint,
            config=self.config.to_dict(),
            config_checksum=self.config_checksum,
            mask_generator=self.generator.name,
            mask_generator_checksum=self.generator.checksum,
            frame_count=len(self.frame_records),
            skipped_count=len(self.skipped),
            mask_count=self.mask_count,
            observation_count=observation_count,
            object_count=object_count,
            stage_seconds=dict(self.clock.seconds),
            library_versions=_library_versions(),
            status="complete" if error is None else "failed",
            error=error,
            model=EmbeddingModel.of(self.encoder),
        )


def _checksum(config: IndexConfig, generator: MaskGenerator, encoder: Encoder) -> str:
    """Return the SHA-256 of everything but the scene that decides what a run finds."""
    parts = [config.to_dict(), generator.name, generator.checksum, encoder.model_id, encoder.checksum]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in RECORDED_LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
