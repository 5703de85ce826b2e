"""Tools for agents, by the Model Context Protocol: search, count, describe an object, list scenes. Nothing is changed.

Answers are the documents of docs/json.md, as text and as structured content, with pictures where there are some.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Image
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from core3d_search.errors import Core3DError
from core3d_search.search import catalogue, documents
from core3d_search.search.asking import ask, checked_request, count
from core3d_search.search.documents import CountRequest, SearchRequest
from core3d_search.search.searcher import Searcher
from core3d_search.server.pictures import frame_picture
from core3d_search.version import __version__

MOST_PICTURES = 5
"""Thumbnails beside one answer: each costs an agent as much as a page of text."""
INSTRUCTIONS = """Finds objects in 3D scans of rooms. Texts may name what a thing is, how it looks and where it stands:
"red chair near window", "the mug on the table", "something to sit on", "is there a stove?". Every hit has reasons whose
scores multiply to its own, a box in metres in the scan's own coordinates, and an object_id for describe_object."""
READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

Text = Annotated[str, Field(description='What to find, e.g. "red chair near window".', max_length=1000)]
Scenes = Annotated[list[str] | None, Field(description="Only these scenes; none asks all.")]


def agent_server(searcher: Searcher) -> MCPServer:
    """Return the server whose tools ask `searcher`."""
    server = MCPServer("core3d", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING")

    @server.tool(name="search", title="Find objects", annotations=READ_ONLY)
    def search(
        text: Text = "",
        scenes: Scenes = None,
        like: Annotated[int | None, Field(description="Find what looks like this object; the text refines.")] = None,
        label: Annotated[str | None, Field(description="Only objects with this label.")] = None,
        tag: Annotated[str | None, Field(description="Only objects that bear this tag, or whose scene does.")] = None,
        k: Annotated[int, Field(description="At most this many hits.", ge=1, le=50)] = 5,
        offset: Annotated[int, Field(description="Pass over so many: next_offset of the page before.", ge=0)] = 0,
        pictures: Annotated[bool, Field(description="With small pictures of the first hits.")] = True,
    ) -> CallToolResult:
        """Rank the objects of all scanned scenes by words, with the reasons for each rank, and small pictures."""

        def answer() -> CallToolResult:
            values = {"text": text, "scenes": scenes, "like": like, "label": label, "tag": tag, "k": k}
            request = checked_request(SearchRequest, {**values, "offset": offset, "explain": True})
            found = ask(searcher, request).document()
            shown = [hit.object_id for hit in found.hits[:MOST_PICTURES]] if pictures else []
            return _result(found, [picture for key in shown if (picture := searcher.store.thumbnail(key))])

        return _told(answer)

    @server.tool(name="count", title="Count objects", annotations=READ_ONLY)
    def counted(text: Text, scenes: Scenes = None) -> CallToolResult:
        """Count the objects that fit a text, in all and by scene."""
        request = {"text": text, "scenes": scenes}
        return _told(lambda: _result(count(searcher, checked_request(CountRequest, request))))

    @server.tool(name="describe_object", title="Describe an object", annotations=READ_ONLY)
    def describe_object(
        object_id: Annotated[int, Field(description="Key of the object, from a hit.", ge=1)],
        picture: Annotated[bool, Field(description="With the frame that shows it best, its box drawn.")] = True,
    ) -> CallToolResult:
        """Describe one object: box, label, tags, its neighbours and how it lies to them; and the frame with it."""

        def answer() -> CallToolResult:
            card = catalogue.object_card(searcher, object_id)
            return _result(card, _frame(searcher, object_id) if picture else [])

        return _told(answer)

    @server.tool(name="list_scenes", title="List scenes", annotations=READ_ONLY)
    def list_scenes(
        offset: Annotated[int, Field(ge=0)] = 0, limit: Annotated[int, Field(ge=1, le=200)] = 50
    ) -> CallToolResult:
        """List the scanned scenes, with how many objects each has."""
        return _told(lambda: _result(catalogue.scene_list(searcher.store, lambda _: None, offset, limit)))

    return server


def _frame(searcher: Searcher, object_id: int) -> list[bytes]:
    """Return the frame that shows an object; its small picture where the scan is gone, nothing where neither is."""
    try:
        return [frame_picture(searcher.store, object_id, ())]
    except Core3DError:
        small = searcher.store.thumbnail(object_id)
        return [] if small is None else [small]


def _result(document: documents.Document, pictures: list[bytes] | None = None) -> CallToolResult:
    text = documents.to_json(document)
    images = [Image(data=picture, format="webp").to_image_content() for picture in pictures or ()]
    structured: dict[str, Any] = json.loads(text)
    return CallToolResult(content=[TextContent(type="text", text=text), *images], structured_content=structured)


def _told(answer: Callable[[], CallToolResult]) -> CallToolResult:
    """Return an answer, or what core3d refuses as an error that the agent can read and mend."""
    try:
        return answer()
    except Core3DError as error:
        return CallToolResult(content=[TextContent(type="text", text=str(error))], is_error=True)
