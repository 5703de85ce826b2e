"""The store: every scene, run, object and embedding in one SQL database; the only opener of connections to it."""

from core3d_search.store.facade import Store
from core3d_search.store.marks import Marks
from core3d_search.store.records import (
    EmbeddingModel,
    FrameRecord,
    IndexStamp,
    ObservationRecord,
    RunRecord,
    SceneRecord,
    SearchableScene,
    StoredEmbeddings,
    StoredObjects,
    StoreInfo,
    Thumbnail,
)

__all__ = [
    "EmbeddingModel",
    "FrameRecord",
    "IndexStamp",
    "Marks",
    "ObservationRecord",
    "RunRecord",
    "SceneRecord",
    "SearchableScene",
    "Store",
    "StoreInfo",
    "StoredEmbeddings",
    "StoredObjects",
    "Thumbnail",
]
