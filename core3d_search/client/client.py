"""One method an end point; each sends one request and reads the answer by its schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from core3d_search.errors import Core3DError, MissingDependencyError
from core3d_search.search.documents import (
    CountRequest,
    Counts,
    Health,
    IndexRequest,
    Job,
    JobList,
    Marks,
    Object,
    ObjectCard,
    ObjectList,
    Plan,
    Scene,
    SceneCard,
    SceneList,
    SearchAnswer,
    SearchRequest,
    Segmentation,
    SegmentRequest,
    TagsRequest,
    Vocabulary,
    to_json,
)

if TYPE_CHECKING:
    import httpx
    from pydantic import TypeAdapter

T = TypeVar("T")
PAGE = 1000
"""Scenes or objects asked for at once: the most that the server gives."""
_READERS: dict[type[Any], TypeAdapter[Any]] = {}


class ServerError(Core3DError):
    """The server cannot be reached, or refused a request: `status` is that of HTTP, 0 where there was no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """A connection to `core3d serve`; close it, or use it in a `with`. Safe to share between threads.

    `token` is sent where the server asks for one; without it $CORE3D_TOKEN is, if set. Every method raises ServerError
    with the server's own words. `transport` is httpx's, for tests.
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:8333",
        token: str | None = None,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        try:
            import httpx
        except ModuleNotFoundError as error:
            raise MissingDependencyError("the client needs httpx: pip install 'core3d-search[client]'") from error
        token = token or os.environ.get("CORE3D_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=timeout, transport=transport)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # Asking

    def search(
        self, text: str = "", *, image: str | os.PathLike[str] | bytes | None = None, **options: Any
    ) -> SearchAnswer:
        """Rank objects by a text, an image (a file, or its bytes) or an object (`like`).

        `options` are the other fields of `documents.SearchRequest`: k, offset, scenes, like, label, tag, min_size,
        within, relation_frame, per_scene, threshold, explain. Raises TypeError for others.
        """
        asked = to_json(SearchRequest(text, **options))
        if image is None:
            return _read(SearchAnswer, self._send("POST", "/v1/search", asked))
        data = image if isinstance(image, bytes) else Path(image).read_bytes()
        answer = self._request("POST", "/v1/search", files={"image": ("image", data)}, data={"request": asked})
        return _read(SearchAnswer, answer)

    def count(self, text: str, **options: Any) -> Counts:
        """Count the objects that fit a text; `options` are scenes and threshold."""
        return _read(Counts, self._send("POST", "/v1/count", to_json(CountRequest(text, **options))))

    def vocabulary(self) -> Vocabulary:
        """Return the labels and tags that there are."""
        return _read(Vocabulary, self._send("GET", "/v1/vocabulary"))

    # Scenes

    def scenes(self) -> Iterator[Scene]:
        """Yield every scene, by name, page by page."""
        for page in self._pages(SceneList, "/v1/scenes"):
            yield from page.scenes

    def scene(self, scene: str) -> SceneCard:
        """Return one scene with what is in it."""
        return _read(SceneCard, self._send("GET", _scene(scene)))

    def objects(self, scene: str, *, label: str | None = None, tag: str | None = None) -> Iterator[Object]:
        """Yield the objects of a scene, by id, page by page: those with this label and tag, where given."""
        for page in self._pages(ObjectList, f"{_scene(scene)}/objects", label=label, tag=tag):
            yield from page.objects

    def plan(self, scene: str) -> Plan:
        """Return a scene as seen from above."""
        return _read(Plan, self._send("GET", f"{_scene(scene)}/plan"))

    def export(self, scene: str, format: str) -> bytes:
        """Return a scene as a file for other programs: json, glb, ply, usd or csv."""
        return self._send("GET", f"{_scene(scene)}/export.{quote(format, safe='')}")

    def segment(self, scene: str, classes: list[str]) -> Segmentation:
        """Return for each object of a scene the class whose name it is nearest to."""
        body = to_json(SegmentRequest(classes))
        return _read(Segmentation, self._send("POST", f"{_scene(scene)}/segment", body))

    def segment_points(self, scene: str, classes: list[str]) -> bytes:
        """Return the points of a scene in the colours of their classes, a binary PLY file."""
        return self._send("POST", f"{_scene(scene)}/segment.ply", to_json(SegmentRequest(classes)))

    # Objects

    def object(self, object_id: int) -> ObjectCard:
        """Return one object with all that is known of it."""
        return _read(ObjectCard, self._send("GET", f"/v1/objects/{object_id}"))

    def thumbnail(self, object_id: int) -> bytes:
        """Return the small picture of an object, a WebP file."""
        return self._send("GET", f"/v1/objects/{object_id}/thumbnail.webp")

    def frame(self, object_id: int, anchor_ids: tuple[int, ...] = ()) -> bytes:
        """Return the frame that shows an object, its box and those of others drawn, a WebP file."""
        return self._request("GET", f"/v1/objects/{object_id}/frame.webp", params={"anchors": list(anchor_ids)})

    def points(self, object_id: int) -> bytes:
        """Return the points of an object, a binary PLY file."""
        return self._send("GET", f"/v1/objects/{object_id}/points.ply")

    def tag(self, object_id: int, tags: list[str]) -> Marks:
        """Replace all tags of an object."""
        return _read(Marks, self._send("PUT", f"/v1/objects/{object_id}/tags", to_json(TagsRequest(tags))))

    # Indexing

    def index(self, path: str, **options: Any) -> Job:
        """Ask for what lies at `path`, below the server's root, to be indexed; `options` are those of IndexRequest."""
        return _read(Job, self._send("POST", "/v1/index", to_json(IndexRequest(path, **options))))

    def jobs(self) -> JobList:
        """Return the jobs that are remembered, the newest first."""
        return _read(JobList, self._send("GET", "/v1/jobs"))

    def job(self, job_id: str) -> Job:
        """Return how far a job is."""
        return _read(Job, self._send("GET", f"/v1/jobs/{quote(job_id, safe='')}"))

    def cancel(self, job_id: str) -> Job:
        """Stop a job."""
        return _read(Job, self._send("DELETE", f"/v1/jobs/{quote(job_id, safe='')}"))

    def follow(self, job_id: str) -> Iterator[Job]:
        """Yield a job whenever it has changed, until it is over."""
        import httpx

        try:
            with self._http.stream("GET", f"/v1/jobs/{quote(job_id, safe='')}/events") as response:
                if response.is_error:
                    response.read()
                _check(response)
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        yield _read(Job, line.removeprefix("data: ").encode())
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def health(self) -> Health:
        """Return that the server is up."""
        return _read(Health, self._send("GET", "/v1/health"))

    def _pages(self, kind: type[T], path: str, **params: Any) -> Iterator[T]:
        offset: int | None = 0
        given = {name: value for name, value in params.items() if value is not None}
        while offset is not None:
            page: Any = _read(kind, self._request("GET", path, params={**given, "offset": offset, "limit": PAGE}))
            yield page
            offset = page.next_offset

    def _send(self, method: str, path: str, body: str | None = None) -> bytes:
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self._request(method, path, content=body, headers=headers)

    def _request(self, method: str, path: str, **options: Any) -> bytes:
        import httpx

        try:
            response = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        return _check(response).content

    def _unreachable(self, error: Exception) -> ServerError:
        said = str(error) or type(error).__name__
        return ServerError(f"no answer from {self._http.base_url}: {said}; is `core3d serve` running there?")


def _scene(name: str) -> str:
    return f"/v1/scenes/{quote(name, safe='')}"


def _check(response: httpx.Response) -> httpx.Response:
    """Return a response that is none of a problem; raises ServerError with what the problem says."""
    if not response.is_error:
        return response
    try:
        problem = response.json()
        faults = "; ".join(f"{'.'.join(fault['loc'])}: {fault['msg']}" for fault in problem.get("errors") or ())
        said = f"{problem['detail']}{f' ({faults})' if faults else ''}"
    except (ValueError, KeyError, TypeError, AttributeError):
        said = response.text[:200]
    raise ServerError(said, response.status_code)


def _read(kind: type[T], content: bytes) -> T:
    from pydantic import ValidationError

    try:
        return _reader(kind).validate_json(content)
    except ValidationError as error:
        raise ServerError(
            f"the server's answer is no {kind.__name__}; is it a core3d of another version? {error}"
        ) from error


def _reader(kind: type[T]) -> TypeAdapter[T]:
    """Return what reads documents of `kind`, made once."""
    from pydantic import TypeAdapter

    if kind not in _READERS:
        _READERS[kind] = TypeAdapter(kind)
    return _READERS[kind]
