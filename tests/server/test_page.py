"""The page in a real browser: one field and one key to the answer, then pictures, reasons, plan, filters, keys."""

import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from server.conftest import TOKEN, running

from core3d_search.server.service import Service
from core3d_search.server.settings import ServerSettings
from core3d_search.store import Store, Thumbnail


def webp(color):
    file = io.BytesIO()
    Image.fromarray(np.full((32, 32, 3), color, np.uint8)).save(file, "WEBP")
    return Thumbnail(file.getvalue(), 32, 32)


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium("--disable-gpu")


@pytest.fixture
def served(known_db):
    """The address of a server on the known scenes, with pictures."""
    with Store.open(known_db) as store:
        pictures = {key: webp((200, 20, 20)) for key in range(1, 7)}
        store.add_thumbnails("attic", pictures, store.scene("attic").generation)
    with running(Service(ServerSettings(str(known_db)))) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def page(browser, served):
    """The page, opened; anything that it complains of fails the test."""
    yield from opened(browser, served)


def opened(browser, address, **options):
    context = browser.new_context(**options)
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    complaints = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    elsewhere = []
    tab.on(
        "request", lambda asked: elsewhere.append(asked.url) if not asked.url.startswith((address, "blob:")) else None
    )
    tab.goto(address)
    tab.wait_for_selector("#scenes button")
    yield tab
    context.close()
    assert [said for said in complaints if "404" not in said and "401" not in said] == []  # no scan: no frames
    assert elsewhere == []


def until(page, condition, seconds=20):
    """Wait until JavaScript is true; Playwright's own way is refused by the page's policy."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.05)


def ask(page, words):
    page.fill("#text", words)
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#status').textContent.match(/hit|nothing/)")


def hits(page):
    return [int(each.get_attribute("data-object")) for each in page.query_selector_all(".hit")]


def test_one_field_and_one_key_find_the_red_chair_near_the_window(page):
    page.keyboard.type("red chair near window")  # the field has the focus already
    page.keyboard.press("Enter")
    page.wait_for_selector("#plan .chosen")
    assert hits(page) == [1]
    assert page.inner_text("#what") == "chair #1 in attic"
    why = page.inner_text("#why")
    assert "near window #4" in why
    assert "m apart" in why
    assert re.search(r"score 0\.\d\d", why)
    assert page.get_attribute("#plan .chosen", "data-object") == "1"
    assert page.get_attribute("#plan .anchor", "data-object") == "4"
    assert page.evaluate("document.querySelector('.hit img').naturalWidth") == 32
    assert "q=red" in page.url


def test_keys_walk_through_the_hits_and_ask_for_more_like_one(page):
    ask(page, "chair")
    first = hits(page)
    assert sorted(first) == [1, 2, 3]
    page.keyboard.press("ArrowDown")
    until(page, f"document.querySelector('#what').textContent.includes('#{first[1]} ')")
    assert page.get_attribute(".hit[aria-current=true]", "data-object") == str(first[1])
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.wait_for_selector("#reference:not([hidden])")
    until(page, f"!document.querySelector('[data-object=\"{first[1]}\"].hit')")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "text"


def test_a_question_is_answered_in_words_and_what_was_not_understood_is_told(page):
    ask(page, "is there a mug?")
    assert page.inner_text("#status").startswith("yes: mug #6 in attic")
    ask(page, "wardrobe")
    page.wait_for_selector("#status button")
    page.click("#status button")
    page.wait_for_selector(".hit")
    assert page.is_checked("#misses")


def test_scene_label_and_tag_filter(page):
    ask(page, "table")
    page.wait_for_selector(".hit")
    assert sorted(hits(page)) == [5, 8]
    page.select_option("#scene", "barn")
    until(page, "document.querySelectorAll('.hit').length === 1")
    assert hits(page) == [8]
    page.select_option("#scene", "")
    until(page, "document.querySelectorAll('.hit').length === 2")
    page.fill("#newtag", "Mine")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tags .tag")
    assert page.inner_text("#tags").startswith("mine")
    page.select_option("#tag", "mine")
    until(page, "document.querySelectorAll('.hit').length === 1")
    page.select_option("#label", "chair")
    until(page, "document.querySelectorAll('.hit').length === 0")


def test_another_object_of_the_plan_shows_what_is_beside_it(page):
    ask(page, "mug")
    page.wait_for_selector("#plan .chosen")
    page.dispatch_event("#plan polygon[data-object='5']", "click")
    until(page, "document.querySelector('#what').textContent.startsWith('table')")
    beside = page.inner_text("#why")
    assert "mug #6" in beside
    assert "carries it" in beside


def test_back_goes_back_and_an_address_keeps_the_question(page, served):
    ask(page, "lamp")
    page.wait_for_selector(".hit")
    ask(page, "mug")
    until(page, "document.querySelector('#what').textContent.startsWith('mug')")
    page.go_back()
    until(page, "document.querySelector('#what').textContent.startsWith('lamp')")
    assert page.input_value("#text") == "lamp"
    page.reload()
    until(page, "document.querySelector('#what').textContent.startsWith('lamp')")


def test_a_photo_is_searched_for(page, tmp_path):
    Image.fromarray(np.full((8, 8, 3), 3, np.uint8)).save(tmp_path / "mug.png")  # 3: the axis of the mug
    page.set_input_files("#image", tmp_path / "mug.png")
    page.wait_for_selector(".hit")
    assert hits(page)[0] == 6
    assert "mug.png" in page.inner_text("#reference")


def test_words_from_a_scan_are_shown_as_words(page, known_db):
    """A tag that looks like HTML stays text."""
    with Store.open(known_db) as store:
        store.tag(6, ["<img src=x onerror=alert(1)>"])
    ask(page, "mug")
    page.wait_for_selector("#tags .tag")
    assert "<img" in page.inner_text("#tags")
    assert page.query_selector("#tags img") is None


@pytest.mark.parametrize("look", [{"viewport": {"width": 360, "height": 740}}, {"color_scheme": "dark"}])
def test_narrow_and_dark(browser, served, look):
    for page in opened(browser, served, **look):
        ask(page, "chair")
        page.wait_for_selector("#plan .chosen")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) == ("color_scheme" in look)


def test_a_server_with_a_token_asks_for_it_once(browser, known_db):
    with running(Service(ServerSettings(str(known_db), token=TOKEN))) as port:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector("#door[open]")
        page.fill("#token", TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector("#scenes button")
        ask(page, "lamp")
        page.wait_for_selector(".hit")
        assert hits(page) == [7]
        assert TOKEN not in page.url
        context.close()


def test_the_files_of_the_page_name_nothing_outside():
    folder = Path(__file__).resolve().parents[2] / "core3d_search" / "server" / "page"
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//cdn|@import|innerHTML|eval\(", text), file
        assert not re.search(r"\sstyle=|\son[a-z]+=\"", text), file  # refused by the policy anyway
