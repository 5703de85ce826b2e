"""What was found to the store: the scene with its objects in one transaction, or the failure of a run."""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core3d_search.datatypes import SceneObject
from core3d_search.encoders import Encoder
from core3d_search.errors import Core3DError, StoreError
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.depth import likely_names
from core3d_search.indexer.frames import SceneReader, origin_of
from core3d_search.indexer.journal import FrameNote, Journal
from core3d_search.indexer.masks import MaskGenerator
from core3d_search.indexer.perceive import SceneResult
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.readers import fingerprint
from core3d_search.indexer.report import RunReport
from core3d_search.store import (
    EmbeddingModel,
    FrameRecord,
    ObservationRecord,
    RunRecord,
    SceneRecord,
    Store,
    Thumbnail,
)

READING = "reading"
"""The key of what was said about how the scan is read, in the config of a run."""
RECORDED_LIBRARIES = ("numpy", "scipy", "scikit-image", "torch", "open_clip_torch", "pillow")


@dataclass(frozen=True)
class RunInput:
    """All that decides what a run finds, and when it began: the scene's `fingerprint`, the config, the models.

    `reading` is what was said about how the scan is read, by name: part of the fingerprint, kept to read it so again.
    """

    started: datetime
    fingerprint: str
    config: IndexConfig
    mask_generator: str
    mask_generator_checksum: str
    model: EmbeddingModel
    reading: Mapping[str, object]

    @classmethod
    def of(cls, reader: SceneReader, generator: MaskGenerator, encoder: Encoder, config: IndexConfig) -> RunInput:
        """Return the input of a run that begins now; reads all files of the scene for their checksum."""
        started = datetime.now(timezone.utc)
        model = EmbeddingModel.of(encoder)
        return cls(
            started, fingerprint(reader), config, generator.name, generator.checksum, model, reader.options.said()
        )

    @property
    def config_checksum(self) -> str:
        """The SHA-256 of everything but the scene that decides what a run finds; pictures of it decide nothing."""
        models = [self.mask_generator, self.mask_generator_checksum, self.model.name, self.model.checksum]
        decides = {name: section for name, section in self.config.to_dict().items() if name != "thumbnails"}
        return hashlib.sha256(json.dumps([decides, *models], sort_keys=True).encode()).hexdigest()


def name_in(store: Store, reader: SceneReader) -> str:
    """Return the name under which the scene is, or will be, in `store`.

    A folder that the store knows keeps the name it has there, whatever its own files or the folder itself say by now:
    people change that name by `Store.rename_scene`. One that was moved is known by its content, see `follow_moved`. Any
    other scene is called as its reader calls it.
    """
    return store.name_of_folder(str(reader.source)) or reader.name


def follow_moved(store: Store, reader: SceneReader, fingerprint: str) -> None:
    """Give a scene that `store` knows by its content the folder of `reader`, where its own is gone: it was moved, and
    perhaps renamed, on disk. It keeps its name, and with it its ids and what people said of it.

    Where several scenes of this content have lost their folders, the one of the folder's own name is meant, or none.
    """
    path = str(reader.source)
    if store.name_of_folder(path) is not None:
        return
    same = store.folders_with_content(fingerprint)
    lost = [name for name, folder in same.items() if folder == path or not Path(folder).exists()]
    chosen = [name for name in lost if name == reader.name] or lost
    if len(chosen) == 1:
        store.move_scene(chosen[0], path)


def refuse_exchanged(store: Store, reader: SceneReader, fingerprint: str) -> None:
    """Raise StoreError where a known folder now holds what is known as another scene, which its files name.

    To go on would give one scene the objects of the other, and lose what people said about both.
    """
    name = name_in(store, reader)
    if name == reader.name or all(scene.name != reader.name for scene in store.scenes()):
        return
    seen, other = ({each.fingerprint for each in store.runs(scene)} for scene in (name, reader.name))
    if fingerprint in other - seen:
        raise StoreError(
            f"{reader.source} is in {store.location} as scene {name!r}, but holds now what is there as scene "
            f"{reader.name!r}; move it back, or `core3d db remove {name}` first"
        )


@dataclass(frozen=True, eq=False)
class FoundScene:
    """All that a store keeps of an indexed scene: made where the scan is, written where the database is.

    `members` and `thumbnails` have an entry an object.
    """

    scene: SceneRecord
    frames: Sequence[FrameRecord]
    run: RunRecord
    objects: Sequence[SceneObject]
    members: Sequence[Sequence[ObservationRecord]]
    thumbnails: Sequence[Thumbnail | None]
    report: RunReport


def found_scene(
    reader: SceneReader,
    run: RunInput,
    journal: Journal,
    result: SceneResult,
    objects: Sequence[SceneObject],
    thumbnails: Sequence[Thumbnail | None],
) -> FoundScene:
    """Return what is to be kept of a scene: `objects` are those of `result`, described, `thumbnails` their pictures."""
    members = [
        [
            ObservationRecord(o.frame, o.level, o.score, tuple(o.box.tolist()), o.pixel_count)
            for o in (result.observations[position] for position in fused.members)
        ]
        for fused in result.objects
    ]
    frames = [_frame_record(note) for note in result.frames]
    scene = replace(_scene_record(reader, result.structure), origin=origin_of(reader))
    report = RunReport(
        reader.name,
        len(journal.frames),
        tuple(journal.skipped),
        journal.mask_count,
        len(result.observations),
        len(objects),
        dict(journal.clock.seconds),
        resumed=journal.resumed_count,
        passed=journal.clock.passed,
        named=likely_names(objects),
    )
    record = _run_record(run, journal, object_count=len(objects))
    return FoundScene(scene, frames, record, objects, members, thumbnails, report)


def write(store: Store, reader: SceneReader, found: FoundScene) -> RunReport:
    """Replace what `store` holds of the scene by what was found, in one transaction; return the report to give.

    Raises StoreError where its folder now holds another scene, see `refuse_exchanged`.
    """
    follow_moved(store, reader, found.run.fingerprint)
    refuse_exchanged(store, reader, found.run.fingerprint)
    scene = replace(found.scene, name=name_in(store, reader))
    store.write_scene(scene, found.frames, found.run, found.objects, found.members, found.thumbnails)
    return replace(found.report, scene=name_in(store, reader))  # asked again: it may have been renamed meanwhile


def failed_run(run: RunInput, journal: Journal, error: Exception) -> RunRecord:
    """Return the record of a run that failed, and why: the message of an error of ours, the traceback of any other."""
    told = str(error) if isinstance(error, Core3DError) else "".join(traceback.format_exception(error))
    return _run_record(run, journal, error=told)


def write_failure(store: Store, reader: SceneReader, failed: RunRecord) -> None:
    """Remember that a run failed, touching nothing else that is stored of the scene."""
    with suppress(StoreError):  # on a full disk this fails as well; the first error is the one to tell
        scene = replace(_scene_record(reader, None), name=name_in(store, reader))
        store.record_failed_run(scene, failed)


def _scene_record(reader: SceneReader, structure: Structure | None) -> SceneRecord:
    up = structure.up if structure else reader.up
    towards = None if up is None else (float(up[0]), float(up[1]), float(up[2]))
    return SceneRecord(reader.name, str(reader.source), reader.format, towards)


def _frame_record(note: FrameNote) -> FrameRecord:
    return FrameRecord(
        note.position, note.height, note.width, note.intrinsics, note.world_from_camera, skip_reason=note.skip_reason
    )


def _run_record(run: RunInput, journal: Journal, *, object_count: int = 0, error: str | None = None) -> RunRecord:
    return RunRecord(
        started=run.started,
        seconds=(datetime.now(timezone.utc) - run.started).total_seconds(),
        fingerprint=run.fingerprint,
        config={**run.config.to_dict(), **({READING: dict(run.reading)} if run.reading else {})},
        config_checksum=run.config_checksum,
        mask_generator=run.mask_generator,
        mask_generator_checksum=run.mask_generator_checksum,
        frame_count=len(journal.frames),
        skipped_count=len(journal.skipped),
        mask_count=journal.mask_count,
        observation_count=0 if error else len(journal.observations),
        object_count=object_count,
        stage_seconds=dict(journal.clock.seconds),
        library_versions=_library_versions(),
        status="failed" if error else "complete",
        error=error,
        model=run.model,
    )


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in RECORDED_LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
