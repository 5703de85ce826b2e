"""The client against the real application, in this process: every method, and how refusals are told."""

import pytest
from starlette.testclient import TestClient

from core3d_search.client import Client, ServerError
from core3d_search.server.app import create_app
from core3d_search.server.service import Service
from core3d_search.server.settings import ServerSettings

TOKEN = "token-that-may-read-and-write"


@pytest.fixture
def app(known_db, tmp_path):
    service = Service(ServerSettings(str(known_db), token=TOKEN, roots=(tmp_path,)))
    yield create_app(service)
    service.close()


@pytest.fixture
def client(app, monkeypatch):
    monkeypatch.delenv("CORE3D_TOKEN", raising=False)
    with Client("http://127.0.0.1:8333", TOKEN, transport=transport_of(app)) as opened:
        yield opened


def transport_of(app):
    """Return a transport of httpx that hands requests to the application."""
    import httpx

    inner = TestClient(app, base_url="http://127.0.0.1:8333")

    class Transport(httpx.BaseTransport):
        def handle_request(self, request):
            answer = inner.request(
                request.method, str(request.url), content=request.read(), headers=dict(request.headers)
            )
            return httpx.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)

    return Transport()


def test_search_count_and_vocabulary(client):
    answer = client.search("red chair near window", k=1, explain=True)
    assert [(hit.scene, hit.object_id, hit.label) for hit in answer.hits] == [("attic", 1, "chair")]
    assert answer.hits[0].box.center == (0, 0, 0.45)
    assert answer.explanation.certainty > 0.5
    assert client.count("chairs").counts == {"attic": 3, "barn": 0}
    assert client.vocabulary().labels == ("chair", "lamp", "mug", "table", "window")


def test_segmenting(client):
    found = client.segment("attic", ["table", "chair"])
    assert [(each.object_id, each.number) for each in found.objects][4] == (5, 0)
    assert client.segment_points("attic", ["chair"]).startswith(b"ply")


def test_search_by_an_image(client, tmp_path):
    import numpy as np
    from PIL import Image

    Image.fromarray(np.full((4, 4, 3), 3, np.uint8)).save(tmp_path / "mug.png")
    assert [hit.object_id for hit in client.search(image=tmp_path / "mug.png", threshold=0.5).hits] == [6]
    data = (tmp_path / "mug.png").read_bytes()
    assert [hit.object_id for hit in client.search(image=data, threshold=0.5).hits] == [6]


def test_scenes_and_objects_page_by_page(client, monkeypatch):
    monkeypatch.setattr("core3d_search.client.client.PAGE", 1)
    assert [scene.scene for scene in client.scenes()] == ["attic", "barn"]
    assert [each.object_id for each in client.objects("attic", label="chair")] == [1, 2, 3]
    assert client.scene("attic").labels["chair"] == 3
    assert len(client.plan("attic").outlines) == 6
    assert client.export("attic", "json").startswith(b"{")
    assert client.object(6).neighbours[0].label == "table"
    assert client.points(6).startswith(b"ply\n")
    assert client.tag(6, ["Mine"]).tags == ("mine",)
    assert client.health().status == "ok"
    assert client.jobs().jobs == []


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        (lambda client: client.search("chair", scenes=["cellar"]), 404, "cellar"),
        (lambda client: client.search("chair", k=0), 422, "k: "),
        (lambda client: client.object(99), 404, "no object 99"),
        (lambda client: client.scene("../../etc"), 404, "Not Found"),
        (lambda client: client.thumbnail(1), 404, "thumbnail"),
        (lambda client: client.frame(1, (2,)), 404, "frame"),
        (lambda client: client.index("nowhere"), 404, "no such path"),
        (lambda client: client.job("x"), 404, "no job"),
        (lambda client: client.cancel("x"), 404, "no job"),
        (lambda client: list(client.follow("x")), 404, "no job"),
    ],
)
def test_refusals_say_what_the_server_says(client, ask, status, said):
    with pytest.raises(ServerError, match=said) as refused:
        ask(client)
    assert refused.value.status == status


def test_a_misspelt_option_is_told_before_anything_is_sent(client):
    with pytest.raises(TypeError, match="treshold"):
        client.search("chair", treshold=0.1)


def test_without_the_token_it_says_so_and_the_environment_may_hold_it(app, monkeypatch):
    with pytest.raises(ServerError, match="asks for a token"):
        list(Client(transport=transport_of(app)).scenes())
    monkeypatch.setenv("CORE3D_TOKEN", TOKEN)
    assert len(list(Client(transport=transport_of(app)).scenes())) == 2


def test_a_server_that_is_not_there_is_told():
    with Client("http://127.0.0.1:9", timeout=2) as client, pytest.raises(ServerError, match="core3d serve") as refused:
        client.health()
    assert refused.value.status == 0


def test_what_is_no_core3d_is_told():
    import httpx

    other = httpx.MockTransport(lambda request: httpx.Response(200, json={"hello": "world"}))
    with pytest.raises(ServerError, match="another version"):
        Client(transport=other).search("chair")
    broken = httpx.MockTransport(lambda request: httpx.Response(502, text="<html>bad gateway"))
    with pytest.raises(ServerError, match="bad gateway"):
        Client(transport=broken).search("chair")
