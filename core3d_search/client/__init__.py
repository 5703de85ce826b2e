"""A thin typed client of `core3d serve`. Needs the extra `client` (httpx).

    with Client("http://127.0.0.1:8333") as core3d:
        for hit in core3d.search("red chair near window", k=5).hits:
            print(hit.scene, hit.object_id, hit.score, hit.box.center)

What it returns are the dataclasses of `core3d_search.search.documents`, read by their schemas.
"""

from core3d_search.client.client import Client, ServerError

__all__ = ["Client", "ServerError"]
