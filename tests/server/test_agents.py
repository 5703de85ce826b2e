"""`core3d mcp` as an agent meets it: a process, spoken to over stdin and stdout by the protocol's own SDK."""

import asyncio
import base64
import json
import os
import sys
from pathlib import Path

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from core3d_search.store import Store, Thumbnail

ROOT = Path(__file__).resolve().parents[2]
START = (
    "import sys; sys.path[:0] = {paths!r}\n"
    "from core3d_search import cli, plugins\n"
    "plugins.BUILT_IN['core3d.encoders']['nouns'] = 'fakes:NounEncoder'\n"
    "sys.argv = ['core3d', 'mcp', '--db', {db!r}]; cli.main()\n"
)


@pytest.fixture
def talk(known_db):
    """Run a conversation with `core3d mcp`: a function that is given the session."""
    with Store.open(known_db) as store:
        store.add_thumbnails("attic", {1: Thumbnail(b"RIFFwebp", 4, 4)}, store.scene("attic").generation)
    code = START.format(paths=[str(ROOT), str(ROOT / "tests")], db=str(known_db))
    parameters = StdioServerParameters(command=sys.executable, args=["-c", code], env=dict(os.environ))

    def run(conversation):
        async def start():
            async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
                await session.initialize()
                return await conversation(session)

        return asyncio.run(asyncio.wait_for(start(), 60))

    return run


def structured(result):
    """Return the document of an answer, which its text says too."""
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


def test_an_agent_finds_counts_describes_and_lists(talk):
    async def conversation(session):
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        found = await session.call_tool("search", {"text": "red chair near window", "k": 2})
        counted = await session.call_tool("count", {"text": "chairs", "scenes": ["attic"]})
        described = await session.call_tool("describe_object", {"object_id": 1})
        listed = await session.call_tool("list_scenes", {})
        wrong = await session.call_tool("describe_object", {"object_id": 99})
        nothing = await session.call_tool("search", {"text": " "})
        return tools, found, counted, described, listed, wrong, nothing

    tools, found, counted, described, listed, wrong, nothing = talk(conversation)
    assert set(tools) == {"search", "count", "describe_object", "list_scenes"}
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools.values())
    assert "red chair near window" in tools["search"].input_schema["properties"]["text"]["description"]
    answer = structured(found)
    assert [hit["object_id"] for hit in answer["hits"]] == [1]
    assert answer["explanation"]["certainty"] > 0.5
    (picture,) = found.content[1:]
    assert (picture.mime_type, base64.b64decode(picture.data)) == ("image/webp", b"RIFFwebp")
    assert structured(counted)["counts"] == {"attic": 3}
    assert structured(described)["label"] == "chair"
    assert described.content[1].type == "image"
    scenes = structured(listed)["scenes"]
    assert [scene["scene"] for scene in scenes] == ["attic", "barn"]
    assert all(scene["path"] is None for scene in scenes)
    assert wrong.is_error
    assert "no object 99" in wrong.content[0].text
    assert nothing.is_error
    assert "say what to find" in nothing.content[0].text


def test_nothing_that_an_agent_asks_changes_what_people_said(talk, known_db):
    with Store.open(known_db) as store:
        before = store.content_checksum()

    async def conversation(session):
        for name, arguments in [("search", {"text": "lamp"}), ("count", {"text": "lamp"}), ("list_scenes", {})]:
            await session.call_tool(name, arguments)
        return await session.call_tool("tag", {"object_id": 1, "tags": ["x"]})

    try:
        refused = talk(conversation).is_error
    except Exception as error:  # how the SDK tells an unknown tool differs from version to version
        refused = "tag" in str(error).lower() or "tool" in str(error).lower()
    assert refused
    with Store.open(known_db) as store:
        assert store.content_checksum() == before
        assert store.tags() == []
