"""Objects to described objects: the embedding that search compares and the name that it makes likely."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import SceneObject
from core3d_search.encoders import Encoder
from core3d_search.indexer.best_views import best_views
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.crops import embed_observations
from core3d_search.indexer.frames import Frame, SceneReader
from core3d_search.indexer.fusion import FusedObject
from core3d_search.indexer.labels import Labeller
from core3d_search.indexer.lifting import Observation
from core3d_search.indexer.overlap import in_order, thread_count
from core3d_search.indexer.perceive import SceneResult, read
from core3d_search.indexer.report import StageClock, StageProgress, silent
from core3d_search.meshes.names import spoken

ALMOST_SURE = 1 - 1e-9


def describe(
    result: SceneResult,
    reader: SceneReader,
    encoder: Encoder,
    config: IndexConfig,
    clock: StageClock,
    *,
    look: Callable[[Frame], object] | None = None,
    progress: StageProgress = silent,
) -> list[SceneObject]:
    """Return the objects of `result` with embedding and label, in its order; frames are read again for their crops.

    `look` is shown each of these frames; that with the best view of an object is among them.
    An object that the scene's files name is labelled so, with the score 1, which no comparison gives.
    Raises InputError where a frame that was readable is not any more.
    """
    with clock("embed"):
        embeddings = embed_objects(result, reader, encoder, config, progress, look)
    with clock("label"):
        labels = Labeller(encoder, config.labels).labels(list(embeddings))
    return [
        SceneObject(
            scene=reader.name,
            points=fused.points,
            colors=fused.colors,
            box=fused.box,
            embedding=embedding,
            observation_count=fused.observation_count,
            label=spoken(fused.name) or label,
            label_score=1.0 if fused.name else min(score, ALMOST_SURE),
            views=fused.views,
        )
        for fused, embedding, (label, score) in zip(result.objects, embeddings, labels, strict=True)
    ]


def embed_objects(
    result: SceneResult,
    reader: SceneReader,
    encoder: Encoder,
    config: IndexConfig,
    progress: StageProgress = silent,
    look: Callable[[Frame], object] | None = None,
) -> npt.NDArray[np.float32]:
    """Return (N, D) unit embeddings of the N objects: the normalised sum over the views of each that are embedded.

    Frame by frame, so that memory holds one frame's crops and one sum an object.
    """
    by_frame: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, fused in enumerate(result.objects):
        for member in embedded_members(fused, result, config.crops.views):
            by_frame[result.observations[member].frame].append((member, number))
    sums = np.zeros((len(result.objects), encoder.dimension))
    positions = sorted(by_frame)
    reading = Lock()  # a reader may hold one file open

    def next_frame(position: int) -> Frame:
        with reading:
            return read(reader, position, config)

    frames = in_order(next_frame, positions, min(2, thread_count()))  # read while crops of those before are embedded
    for done, (position, frame) in enumerate(zip(positions, frames, strict=True), 1):
        shown = sorted(by_frame[position], key=lambda pair: _sort_key(result.observations[pair[0]]))
        if look is not None:
            look(frame)
        looks = embed_observations(frame, [result.observations[m] for m, _ in shown], encoder, config.crops)
        np.add.at(sums, np.array([owner for _, owner in shown]), looks.astype(np.float64))
        progress(reader.name, "embed", done, len(by_frame))
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    embeddings: npt.NDArray[np.float32] = (sums / np.maximum(lengths, 1e-12)).astype(np.float32)
    return embeddings


def embedded_members(fused: FusedObject, result: SceneResult, count: int) -> Sequence[int]:
    """Return which observations of an object are embedded: its `count` best views, or all where `count` is 0."""
    if count == 0:
        return fused.members
    members = [result.observations[member] for member in fused.members]
    cameras = {note.position: note.world_from_camera for note in result.frames if note.world_from_camera is not None}
    return [fused.members[number] for number in best_views(members, fused.box.center, cameras, count)]


def _sort_key(seen: Observation) -> tuple[float, ...]:
    """Order by content, so that sums do not depend on the order in which observations came."""
    return (seen.level, *seen.box.tolist(), seen.pixel_count)
