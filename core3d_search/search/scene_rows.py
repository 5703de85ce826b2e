"""The rows of scenes as ranking reads them, those asked most recently kept in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core3d_search.errors import StoreError
from core3d_search.geometry import level_from_world
from core3d_search.relations import ObjectTable
from core3d_search.search.index_rows import Turns
from core3d_search.search.kept import MostRecent
from core3d_search.search.spaces import EmbeddingSpace
from core3d_search.store import SearchableScene, Store, StoredObjects

MOST_KEPT = 256
"""Scenes whose objects stay in memory; the least recently asked go first."""

Held = tuple[StoredObjects, npt.NDArray[np.float32]]
"""The objects of a scene and their embeddings (N, D), both by id."""


class SceneRows:
    """Objects and embeddings by scene, of one generation of the database; `scenes` are its scenes by name."""

    def __init__(
        self,
        store: Store,
        generation: int,
        scenes: Mapping[str, SearchableScene],
        spaces: Mapping[tuple[str, str], EmbeddingSpace],
    ) -> None:
        self._store, self._generation, self._scenes, self._spaces = store, generation, scenes, spaces
        self.ids = {name: scene.id for name, scene in scenes.items()}
        self.names = {scene.id: name for name, scene in scenes.items()}
        self.turns: Turns = {s.id: level_from_world(s.up) for s in scenes.values() if _is_tilted(s.up)}
        self._kept = MostRecent[Held](MOST_KEPT)
        self.table = lru_cache(MOST_KEPT)(self._table)

    def read(self, names: Sequence[str]) -> None:
        """Read objects and embeddings of those scenes that are not in memory."""
        by_model: dict[tuple[str, str], list[int]] = {}
        for scene in (self._scenes[name] for name in names if name in self._scenes and name not in self._kept):
            by_model.setdefault(scene.model.key, []).append(scene.id)
        for key, scene_ids in by_model.items():
            stored = self._store.objects_in(scene_ids)
            embedded = self._store.embeddings(self._spaces[key].model, scene_ids) if key in self._spaces else None
            owners = np.array([self.ids.get(name, -1) for name in stored.scenes], np.int64)
            for scene_id in scene_ids:
                own = np.zeros((0, 0), np.float32)
                if embedded is not None:
                    own = embedded.vectors[embedded.scene_ids == scene_id]
                self._kept.put(self.names[scene_id], (stored.among(owners == scene_id), own))

    def stored(self, scene: str) -> StoredObjects:
        return self._held(scene)[0]

    def vectors(self, scene: str) -> npt.NDArray[np.float32]:
        """Return the embeddings (N, D) of the objects of `scene`, by id."""
        vectors = self._held(scene)[1]
        self._check_count(scene, len(vectors), "embeddings")
        return vectors

    def with_label(self, scenes: Sequence[str], labels: frozenset[str]) -> dict[str, int]:
        """Return, for those of `scenes` that have one, an object whose label is one of `labels`."""
        stored = self._store.objects_in([self.ids[name] for name in scenes])
        for scene in scenes:
            self._check_count(scene, stored.scenes.count(scene), "objects")
        found: dict[str, int] = {}
        for key, scene, label in zip(stored.ids.tolist(), stored.scenes, stored.labels, strict=True):
            if label in labels:
                found.setdefault(scene, key)
        return found

    def upright(self, stored: StoredObjects, scene: str = "") -> ObjectTable:
        """Return objects of one scene or of several, each turned so that z points up."""
        centers, rotations, fronts = stored.centers, stored.rotations, stored.fronts
        if self.turns:
            turn = np.stack([self.turns.get(self.ids.get(name, -1), np.eye(3)) for name in stored.scenes or ("",)])
            centers, fronts = (np.einsum("nij,nj->ni", turn[: len(stored)], each) for each in (centers, fronts))
            rotations = turn[: len(stored)] @ rotations
        return ObjectTable(
            ids=stored.ids,
            centers=centers,
            extents=stored.extents,
            rotations=rotations,
            colors=stored.dominant_colors.astype(np.float64),
            fronts=fronts,
            labels=stored.labels,
            scene=scene,
        )

    def _table(self, scene: str) -> ObjectTable:
        """Return the objects of `scene`, turned so that z points up."""
        stored = self.stored(scene)
        self._check_count(scene, len(stored), "objects")
        return self.upright(stored, scene)

    def _held(self, scene: str) -> Held:
        """Return objects and embeddings of `scene`."""
        held = self._kept.get(scene)
        if held is None and scene in self._scenes:
            self.read([scene])
            held = self._kept.get(scene)
        return (self._store.object_table(scene), np.zeros((0, 0), np.float32)) if held is None else held

    def _check_count(self, scene: str, count: int, what: str) -> None:
        """Raise StoreError where rows of a scene are lost: half a scene would be an answer that looks complete."""
        expected = self._scenes[scene].object_count if scene in self._scenes else 0
        if count != expected and self._store.generation == self._generation:
            raise StoreError(
                f"scene {scene!r} in {self._store.location} is damaged: it has {count} {what} where {expected} were "
                "written; index it again with --force, or see `core3d db repair`"
            )


def given_names(stored: StoredObjects) -> tuple[str | None, ...]:
    """Return the name that the scene's own files gave to each object, None where a model chose the label."""
    given = (stored.label_scores == 1.0).tolist()
    return tuple(label if sure else None for sure, label in zip(given, stored.labels, strict=True))


def _is_tilted(up: tuple[float, float, float] | None) -> bool:
    return up is not None and up[2] <= 1 - 1e-9
