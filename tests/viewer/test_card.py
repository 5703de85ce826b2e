"""A card tells all that is known of an object, and whatever a scan calls a thing stays text."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from fakes import ATTIC, write_objects
from viewer.conftest import filled

from core3d_search.search.catalogue import object_card
from core3d_search.viewer.card import LONGEST, card, note, said

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{alert(1)} ![x](http://example.org/x.png) **bold**",
    "<style>body{display:none}</style>",
    "a\x00\x1b[31mb\nc\u202ed",
]
ALLOWED = {"div", "b", "ul", "li", "span", "img"}


class Reader(HTMLParser):
    """Collects tags, attributes and text as a browser reads them."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.text += data


def test_it_tells_what_is_known(searcher):
    searcher.store.tag(1, ["mine"])
    searcher.store.note(1, "broken leg", {"price": 3.5})
    (hit,) = searcher.search("red chair near window", k=1)
    html = card(object_card(searcher, 1), b"RIFF", hit, 1)
    read = Reader(html)
    lines = ("chair #1", "in attic", f"score {hit.score:.2f}", "hit 1", "size 0.50 × 0.50 × 0.90 m")
    lines += ("centre 0.00, 0.00, 0.45 m", "#c81414", "tags: mine", "note: broken leg", "price: 3.5")
    for words in (*lines, "near window #4", "m apart", "seen 3 times"):
        assert words in read.text, words
    assert ("src", "data:image/webp;base64,UklGRg==") in read.attributes
    assert set(read.tags) <= ALLOWED


def test_without_a_search_and_a_picture_it_has_neither(searcher):
    read = Reader(card(object_card(searcher, 6)))
    assert "score" not in read.text
    assert "img" not in read.tags
    assert "on" in read.text
    assert "table #5" in read.text


def test_centres_are_in_the_coordinates_of_a_far_scan(searcher):
    write_objects(
        searcher.store, "attic", [filled(item) for item in ATTIC], (0.0, 0.0, 1.0), (691_000.0, 5_334_000.0, 500.0)
    )
    assert "centre 691000.00, 5334000.00, 500.45 m" in Reader(card(object_card(searcher, 1))).text


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_a_scan_stays_text(searcher, attack):
    write_objects(searcher.store, "attic", [replace(filled(item), label=attack) for item in ATTIC], (0.0, 0.0, 1.0))
    (hit,) = searcher.search("red", k=1, scenes=["attic"], threshold=0.0)
    told = replace(hit, reasons=(replace(hit.reasons[0], text=attack, values={"frame": attack}),))
    item = object_card(searcher, hit.object_id)
    assert item.label == attack
    item = replace(item, tags=(attack,), scene=attack, color=attack, note=attack, properties={attack: attack})
    for html in (card(item, None, told, 1), note(attack), note(attack, strong=True)):
        read = Reader(html)
        assert set(read.tags) <= ALLOWED - {"img"}
        assert {name for name, _ in read.attributes} <= {"style"}
        assert not set("\x00\x1b\u202e") & set(read.text)
    assert Reader(said(attack)).text == "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in attack)


def test_long_texts_are_cut():
    assert len(said("x" * 5000)) == LONGEST
    assert said("x" * LONGEST) == "x" * LONGEST
