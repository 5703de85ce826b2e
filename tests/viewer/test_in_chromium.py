"""The viewer in a real browser: what a search changes on the canvas, the saved screenshot, nothing from elsewhere."""

import io

import numpy as np
import pytest
from PIL import Image

from core3d_search.viewer import run
from core3d_search.viewer.page import SCREENSHOT, Beginning

WITHOUT_A_GRAPHICS_CARD = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium(*WITHOUT_A_GRAPHICS_CARD)


@pytest.fixture
def page(browser, searcher):
    """The page, opened; anything that it complains of or fetches from elsewhere fails the test."""
    server = run.start(searcher, "127.0.0.1", 0, Beginning())
    address = f"http://127.0.0.1:{server.get_port()}/"
    context = browser.new_context(viewport={"width": 1100, "height": 700}, accept_downloads=True)
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    complaints, elsewhere = [], []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    known = (address, "blob:", "data:")
    tab.on("request", lambda asked: elsewhere.append(asked.url) if not asked.url.startswith(known) else None)
    tab.goto(address)
    tab.wait_for_selector("text=press Enter")
    yield tab
    context.close()
    run.stop(server)
    assert complaints == []
    assert elsewhere == []


def red(png):
    """Return how many pixels of a picture have the red of a hit that fits best."""
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    return int((np.abs(picture - (220, 38, 38)).sum(axis=2) < 60).sum())


def test_the_red_chair_near_the_window_is_found_flown_to_and_saved(page):
    page.fill("xpath=//label[text()='Find']/following::input[1]", "red chair near window")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1. chair #1 · attic")
    assert "near window #4" in page.inner_text("body")
    page.wait_for_timeout(1500)  # the flight
    with page.expect_download() as saved:
        page.click(f"text={SCREENSHOT}")
    assert saved.value.suggested_filename == "attic.png"
    assert red(saved.value.path().read_bytes()) > 500, "its box stands out"
