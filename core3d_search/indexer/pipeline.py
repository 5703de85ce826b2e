"""Indexes scenes: frames in, objects in the store out. `index_scene` is the table of contents of the pipeline."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from core3d_search.encoders import Encoder, load_encoder
from core3d_search.errors import Core3DError
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.describe import describe
from core3d_search.indexer.frames import SceneReader
from core3d_search.indexer.journal import Journal
from core3d_search.indexer.known import knows_parts
from core3d_search.indexer.known_objects import perceive_parts, with_names
from core3d_search.indexer.masks import MaskGenerator
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.perceive import SceneResult, perceive
from core3d_search.indexer.readers.posed_images import PosedImagesReader
from core3d_search.indexer.report import RunReport, StageProgress, silent
from core3d_search.indexer.thumbnails import Thumbnails
from core3d_search.indexer.work_file import WorkFile, input_key, place_of
from core3d_search.indexer.write import (
    FoundScene,
    RunInput,
    failed_run,
    follow_moved,
    found_scene,
    name_in,
    refuse_exchanged,
    write,
    write_failure,
)
from core3d_search.store import Store
from core3d_search.version import __version__


@dataclass(frozen=True)
class Outcome:
    """What became of one scene, by its name in the store: its report, or the error that stopped it.

    `traceback` says where in the code an error arose that is none of ours: such a one is a bug, of core3d or a plug-in.
    """

    scene: str
    report: RunReport | None = None
    error: Exception | None = None
    traceback: str = ""


def index_scenes(
    scenes: Sequence[SceneReader],
    store: Store,
    config: IndexConfig,
    *,
    force: bool = False,
    check: Callable[[SceneReader], object] | None = None,
    progress: StageProgress = silent,
) -> Iterator[Outcome]:
    """Index each of `scenes` and yield what became of it; one that fails, in whatever way, does not stop the others.

    Raises before the first scene what the encoder or mask generator raises when they are made.
    """
    encoder = load_encoder(config.encoder.name, **config.encoder.options)

    def downloading(done: int, total: int | None) -> None:
        progress(config.masks.generator, "download, MB", done >> 20, (total or done) >> 20)

    generator = make_generator(config.masks, downloading)
    for reader in scenes:
        name = reader.name
        try:
            name = name_in(store, reader)
            report = index_scene(reader, store, generator, encoder, config, force=force, check=check, progress=progress)
            yield Outcome(report.scene, report=report)
        except Core3DError as error:
            yield Outcome(name, error=error)
        except Exception as error:  # a plug-in's or our own bug costs one scene, not a night's work
            yield Outcome(name, error=error, traceback=traceback.format_exc())


def index_scene(
    reader: SceneReader,
    store: Store,
    generator: MaskGenerator,
    encoder: Encoder,
    config: IndexConfig,
    *,
    force: bool = False,
    check: Callable[[SceneReader], object] | None = None,
    progress: StageProgress = silent,
) -> RunReport:
    """Find the objects of one scene and replace what the store holds of it.

    A scene whose files, config and models have not changed is left alone, unless `force`; one whose
    folder is known keeps its name in the store, see `name_in`. A frame that cannot be used
    is skipped and reported; where none can, InputError is raised and the failed run recorded. The store is written in
    one transaction at the very end, so an interruption leaves it as it was; frames that are done are kept in a work
    file beside it until then, and the next run on the same input goes on from there. `check` sees a scene before its
    first frame is worked on, and refuses it by raising.
    """
    run = RunInput.of(reader, generator, encoder, config)
    follow_moved(store, reader, run.fingerprint)
    name = name_in(store, reader)
    if not force and store.is_current(name, run.fingerprint, run.config_checksum):
        return RunReport(name, len(reader), objects=store.scene(name).object_count, unchanged=True)
    refuse_exchanged(store, reader, run.fingerprint)
    work = _work_file(store, reader, run)
    journal = Journal(work)
    try:
        found = find_scene(reader, run, journal, generator, encoder, check=check, progress=progress)
        report = write(store, reader, found)
    except Exception as error:
        write_failure(store, reader, failed_run(run, journal, error))
        raise
    finally:
        if work is not None:
            work.close()
    if work is not None:
        work.remove()
    return report


def find_scene(
    reader: SceneReader,
    run: RunInput,
    journal: Journal,
    generator: MaskGenerator,
    encoder: Encoder,
    *,
    check: Callable[[SceneReader], object] | None = None,
    progress: StageProgress = silent,
) -> FoundScene:
    """Return all that is to be kept of a scene; needs no database. Raises as its steps do."""
    notes = _found_poses(reader, journal, progress)
    if check is not None and knows_parts(reader) is None:  # what is rendered here agrees with itself
        check(reader)
    result = find_objects(reader, generator, run.config, journal, encoder=encoder, progress=progress)
    pictures = Thumbnails(result, run.config.thumbnails, journal.clock)
    objects = describe(result, reader, encoder, run.config, journal.clock, look=pictures.take, progress=progress)
    found = found_scene(reader, run, journal, result, objects, pictures.made)
    return replace(found, report=replace(found.report, notes=notes))


def _found_poses(reader: SceneReader, journal: Journal, progress: StageProgress) -> tuple[str, ...]:
    """Find the poses of a scene that has none, and return what to tell of them; nothing for any other."""
    if not isinstance(reader, PosedImagesReader) or not reader.estimates_poses:
        return ()
    with journal.clock("poses"):
        found = reader.find_poses(lambda done, total: progress(reader.name, "poses", done, total))
    return (found.told(),)


def _work_file(store: Store, reader: SceneReader, run: RunInput) -> WorkFile | None:
    """Return where frames that are done outlive an interruption, beside the database; None where that is a server's."""
    if store.path is None:
        return None
    key = input_key(run.fingerprint, run.config_checksum, __version__)
    return WorkFile(place_of(store.path, reader.name), key)


def find_objects(
    reader: SceneReader,
    generator: MaskGenerator,
    config: IndexConfig,
    journal: Journal,
    *,
    encoder: Encoder | None = None,
    progress: StageProgress = silent,
) -> SceneResult:
    """Return the objects of a scene: by masks, or its parts where its files say what they are; raises as they do."""
    known = knows_parts(reader)
    if known is not None and known.parts_are_objects():
        return perceive_parts(reader, known, config, journal, progress=progress)
    result = perceive(reader, generator, config, journal, encoder=encoder, progress=progress)
    return result if known is None else with_names(result, reader, known, config)
