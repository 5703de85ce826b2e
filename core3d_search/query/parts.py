"""Parts that kinds of things have or lack by nature: "chair without arms", "cabinet with drawers".

`part: words = kinds that have it; kinds that lack it`. Of other kinds nobody knows without a closer look: the part
is then a soft factor that the reasons call unknown. Kinds are usual names.
"""

from __future__ import annotations

_PARTS = """
arms: arms | arm | armrests | armrest | arm rests | arm rest = armchair, couch; stool, bench, ottoman, bean bag, piano
    bench, folded chair, table, desk, coffee table
backrest: backrest | back rest | back = chair, office chair, armchair, couch, folded chair; stool, ottoman, piano bench
wheels: wheels | wheel | casters | castors | rollers = office chair, suitcase, bicycle, cart; armchair, couch, bench,
    ottoman, bed, table, dining table, coffee table, wardrobe, bookshelf, refrigerator, stove
drawers: drawers | drawer = dresser, nightstand, file cabinet; table, dining table, coffee table, shelf, chair, stool,
    bench, couch, armchair, refrigerator
doors: doors = wardrobe, cabinet, kitchen cabinet, refrigerator; dresser, bookshelf, shelf, table, coffee table
legs: legs | leg | feet = chair, table, dining table, coffee table, desk, stool, bench, piano; rug, curtain, picture,
    refrigerator, washing machine, box, ball
lid: lid | cover | cap = toilet, piano, washing machine, suitcase, box; bowl, plate, cup, mug, vase, basket
handle: handle | handles = cup, mug, pan, pot, door, suitcase, coffee kettle, basket, refrigerator; bowl, plate, ball,
    rug, vase, pillow, candle
shade: shade | lampshade = lamp, table lamp, floor lamp; candle
strings: strings = guitar, piano; ball
cushions: cushions | padding = couch, armchair; stool, bench, table
headboard: headboard = bed; couch, table
"""
PARTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
"""Part -> (kinds that have it, kinds that lack it)."""
PART_WORDS: dict[str, str] = {}
"""Word of a text -> part."""

for _line in _PARTS.strip().replace("\n    ", " ").splitlines():
    _head, _kinds = _line.split("=")
    _part, _words = _head.split(":")
    _has, _lacks = (frozenset(kind.strip() for kind in side.split(",")) for side in _kinds.split(";"))
    PARTS[_part.strip()] = _has, _lacks
    PART_WORDS |= {word.strip(): _part.strip() for word in _words.split("|")}


def has_part(kind: str, part: str) -> bool | None:
    """Return whether things of a `kind` (usual name) have a `part`, None where nobody knows."""
    has, lacks = PARTS[part]
    return True if kind in has else False if kind in lacks else None
