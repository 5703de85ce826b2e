"""What all requests share: one warm searcher, threads, jobs, the rights of tokens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request, Response

from core3d_search.errors import Core3DError
from core3d_search.search.documents import to_json
from core3d_search.search.searcher import Searcher
from core3d_search.server import places
from core3d_search.server.access import Access
from core3d_search.server.jobs import Jobs
from core3d_search.server.metrics import Metrics
from core3d_search.server.settings import ServerSettings
from core3d_search.server.work import Work
from core3d_search.store import SceneRecord, Store

if TYPE_CHECKING:
    from core3d_search.query.llm import LlmParser

log = logging.getLogger(__name__)


class Service:
    """An open database and what serves it; close it. Raises StoreError where there is none and nothing can be made."""

    def __init__(
        self,
        settings: ServerSettings,
        llm: LlmParser | None = None,
        language: str | None = None,
        jobs: Jobs | None = None,
        vectors: str | None = None,
    ) -> None:
        self.settings = settings.checked()
        self.store = Store.open(self.settings.database, create=bool(self.settings.roots))
        self.searcher = Searcher(self.store, llm, language, vectors)
        self.access = Access(self.settings)
        self.work = Work(self.settings.limits)
        self.jobs = jobs or Jobs(self.settings)
        self.metrics = Metrics(self._held)
        self.tagging = threading.Lock()

    def warm(self) -> None:
        """Load in the background what the first question would wait for."""
        threading.Thread(target=self._warm, name="core3d-warm", daemon=True).start()

    def _warm(self) -> None:
        try:
            self.searcher.warm()
        except Core3DError as error:  # searches of remembered texts work without; others will say it
            log.warning("%s", error)

    def close(self) -> None:
        """Stop jobs and threads, and let go of the database."""
        self.jobs.close()
        self.work.close()
        self.searcher.close()

    def path_of(self, scene: SceneRecord) -> str | None:
        """Return where clients are told that a scan is: below a served root, or nowhere."""
        from pathlib import Path

        return places.shown(self.settings.roots, Path(scene.path))

    def _held(self) -> dict[str, int]:
        scenes = self.store.searchable_scenes()
        return {"scenes": len(scenes), "objects": sum(scene.object_count for scene in scenes)}


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Shared = Annotated[Service, Depends(_service)]


async def answered(service: Service, function: Callable[..., Any], *arguments: Any, status: int = 200) -> Response:
    """Return what a function of the search layer answers, as JSON; it runs on a thread, and so does the writing."""

    def work() -> bytes:
        return to_json(function(*arguments)).encode("utf-8", "replace")

    return Response(await service.work(work), status, media_type="application/json")
