"""What names the vectors that lie elsewhere than beside their database: a token that the database keeps."""

from __future__ import annotations

from uuid import uuid4

from core3d_search.store import EmbeddingModel, IndexStamp, Store


def token_of(store: Store, model: EmbeddingModel, kind: str) -> str | None:
    """Return the token of a database, model and kind of index, made the first time; None where it cannot be noted now.

    A copy of the database has the same one: whoever keeps vectors under it must tell content apart by the runs that
    made it.
    """
    stamp = store.index_stamp(model, kind)
    if stamp is not None:
        return stamp.checksum
    token = uuid4().hex
    return token if store.stamp_index(model, kind, IndexStamp(0, 0, token)) else None
