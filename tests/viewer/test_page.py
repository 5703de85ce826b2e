"""A page by viser's own protocol: one field and one key to the answer, cards, scenes, clicks, screenshots."""

import pytest
from fakes import ATTIC, write_objects
from viewer.browser import Browser
from websockets.exceptions import InvalidStatus

from core3d_search.errors import InputError, NotFoundError, StoreError
from core3d_search.viewer import run
from core3d_search.viewer.page import Beginning, file_name


@pytest.fixture
def start(searcher):
    """Start serving pages that begin as is said, on a free port; returns the port."""
    servers = []

    def started(*beginning):
        servers.append(run.start(searcher, "127.0.0.1", 0, Beginning(*beginning)))
        return servers[-1].get_port()

    yield started
    for server in servers:
        run.stop(server)


@pytest.fixture
def browser(start):
    """A page that has been drawn."""
    with Browser(start()) as browser:
        browser.until(lambda page: "press Enter" in page.text() and "/room/boxes" in page.nodes)
        yield browser


def test_one_field_and_one_key_find_the_red_chair_near_the_window(browser):
    browser.type("red chair near window")
    browser.until(lambda page: "chair #1" in page.text() and "/answer/arrows" in page.nodes)
    assert "1 found" in browser.text()
    assert "near window #4" in browser.text()
    assert "m apart" in browser.text()
    assert any(label.startswith("1. chair #1 · attic · 0.") for label in browser.buttons())
    hit, anchor = browser.names("/answer")
    assert hit == "1. chair #1"
    assert anchor.startswith("near window #4")
    assert [name for name in browser.drawn("/answer") if name.endswith("/box")] == ["/answer/0/box", "/answer/1/box"]
    browser.until(lambda page: any(each["type"] == "SetCameraLookAtMessage" for each in page.seen))


def test_a_hit_in_another_scene_is_shown_there(browser):
    assert browser.parts[browser.part("Scene")]["value"] == "attic"
    browser.type("lamp")
    browser.until(lambda page: page.parts[page.part("Scene")]["value"] == "barn" and "lamp #7" in page.text())
    assert "in barn" in browser.text()


def test_only_this_scene_is_searched_where_that_is_wanted(browser):
    browser.set("Only this scene", True)
    browser.type("lamp")
    browser.until(lambda page: "Nothing like that in attic" in page.text())
    assert browser.buttons() == ["Search"]


def test_counts_are_answered_and_nonsense_is_told(browser):
    browser.type("how many chairs")
    browser.until(lambda page: "3" in page.text() and "press Enter" not in page.text())
    browser.type("")
    browser.until(lambda page: "press Enter" in page.text())
    browser.type("chair " * 2000)
    browser.until(lambda page: "press Enter" not in page.text() and "found" not in page.text())
    assert "<b>" not in browser.text().splitlines()[0]


def test_a_click_shows_the_card_of_what_is_seen_there(browser):
    browser.click((4, 3, 5), (0, 0, -1))
    browser.until(lambda page: "mug #6" in page.text())
    assert "What it is" in browser.text()
    assert "mug #6" in browser.names("/answer")
    browser.click((4, 3, 5), (0, 0, 1))
    browser.until(lambda page: not page.drawn("/answer"))
    assert "mug #6" not in browser.text()


def test_the_second_hit_is_a_button_away(browser):
    browser.type("chair")
    browser.until(lambda page: len(page.buttons()) == 4)
    browser.set("2. chair", True)
    browser.until(lambda page: "hit 2" in page.text())


def test_another_scene_is_drawn_when_it_is_chosen(browser):
    browser.set("Scene", "barn")
    browser.set("All names", True)
    browser.until(lambda page: "lamp #7" in page.names("/room"))
    assert sorted(browser.names("/room")) == ["lamp #7", "table #8"]
    browser.set("All boxes", False)
    browser.until(lambda page: "/room/boxes" not in page.nodes)


def test_a_page_begins_with_a_scene_and_a_text(start):
    with Browser(start("barn", "table")) as browser:
        browser.until(lambda page: "table #8" in page.text())
        assert browser.parts[browser.part("Only this scene")]["value"] is True


def test_a_scene_that_was_indexed_again_is_shown_as_it_is_now(browser, searcher):
    write_objects(searcher.store, "attic", ATTIC[3:], (0.0, 0.0, 1.0))
    browser.type("mug")
    browser.until(lambda page: "mug #" in page.text())
    assert "1 found" in browser.text()


def test_every_browser_has_a_page_of_its_own(start):
    port = start()
    with Browser(port) as first, Browser(port) as second:
        for each in (first, second):
            each.until(lambda page: "press Enter" in page.text())
        first.type("mug")
        first.until(lambda page: "mug #6" in page.text())
        second.set("All names", True)
        second.until(lambda page: len(page.names("/room")) == 6)
        assert "mug #6" not in second.text()


def test_pages_of_other_sites_are_refused(start):
    port = start()
    with pytest.raises(InvalidStatus, match="403"):
        Browser(port, origin="https://elsewhere.example")
    Browser(port, origin=f"http://127.0.0.1:{port}").socket.close()
    Browser(port, origin="http://localhost:9").socket.close()  # the other end of a tunnel


def test_what_cannot_be_served_is_told_before_a_browser_is_there(start, searcher):
    port = start()
    with pytest.raises(InputError, match=f"port {port}"):
        run.start(searcher, "127.0.0.1", port, Beginning())
    with pytest.raises(StoreError, match="cellar"):
        start("cellar")
    for name in ("attic", "barn"):
        write_objects(searcher.store, name, [], None)
    with pytest.raises(NotFoundError, match="core3d index"):
        start()


def test_nothing_is_shared_through_a_server_elsewhere(searcher):
    server = run.start(searcher, "127.0.0.1", 0, Beginning())
    try:
        assert server.request_share_url() is None
    finally:
        run.stop(server)


def test_others_than_this_machine_are_let_in_only_expressly():
    assert run.checked_host("::1", False) == "::1"
    with pytest.raises(InputError, match=r"0\.0\.0\.0.*ssh -L.*core3d serve.*--insecure-host"):
        run.checked_host("0.0.0.0", False)
    assert run.checked_host("0.0.0.0", True) == "0.0.0.0"


@pytest.mark.parametrize(
    ("scene", "file"),
    [("living-room-1", "living-room-1"), ("../a b/c$(d)", "a_b_c_d"), ("..", "scene"), ("Küche", "Küche")],
)
def test_a_file_name_has_nothing_that_a_shell_takes_for_something_else(scene, file):
    assert file_name(scene) == file
