"""What kinds of things are usually made of: what is known of a material where nobody can see it.

`material: kinds` that are often made of it; usual names. Our own, common knowledge.
"""

from __future__ import annotations

from core3d_search.query.nouns import canonical

_USUAL = """
wooden: table, coffee table, dining table, end table, conference table, desk, chair, stool, bench, cabinet, kitchen
    cabinet, file cabinet, shelf, bookshelf, dresser, wardrobe, nightstand, tv stand, bed, door, closet door, stand,
    piano, guitar, picture, crib, floor, drawer, ladder, cutting board, knife block, doorframe, windowsill, easel
metal: refrigerator, mini fridge, radiator, sink, oven, stove, toaster, toaster oven, kettle, coffee kettle, pot, pan,
    washing machine, clothes dryer, dishwasher, range hood, trash can, file cabinet, lamp, floor lamp, rack, fan,
    ladder, rail, fire extinguisher, computer tower, bicycle, dumbbell, shower head, faucet, locker, safe, key
glass: window, vase, mirror, bottle, coffee table, shower door, glass door, cup, fish tank
leather: couch, armchair, sofa chair, office chair, ottoman, suitcase, bag, purse, briefcase, bench
plastic: trash can, recycling bin, bin, storage bin, bottle, remote control, keyboard, mouse, telephone, speaker,
    monitor, printer, chair, folded chair, bucket, laundry basket, toy, container, tv, shower curtain, alarm, fan
fabric: couch, armchair, sofa chair, pillow, cushion, curtain, bed, rug, blanket, towel, teddy bear, stuffed animal,
    backpack, ottoman, bag, clothes, mattress, bean bag, office chair, laundry basket, doll, umbrella
stone: counter, kitchen counter, bathroom counter, fireplace, floor, wall, statue
ceramic: toilet, sink, mug, cup, vase, bowl, plate, bathtub, flowerpot, soap dish, tile, urinal, teapot, lamp
wicker: basket, laundry basket, laundry hamper, chair, armchair, storage bin
paper: book, box, poster, magazine, picture, paper, tissue box, toilet paper, map, calendar, folder, bag
rubber: ball, exercise ball, mat, shoe, boot
"""

OFTEN, SELDOM = 0.6, 0.25
"""How likely a thing is of a material that its kind is often made of, and of another one."""

USUAL_KINDS: dict[str, frozenset[str]] = {}
for _line in _USUAL.strip().replace("\n    ", " ").splitlines():
    _head, _names = _line.split(":")
    USUAL_KINDS[_head] = frozenset(canonical(name.strip()) for name in _names.split(","))


def usual_share(material: str, kind: str) -> float:
    """Return how likely a thing of a `kind` is of `material`, before anybody has looked."""
    return OFTEN if canonical(kind) in USUAL_KINDS.get(material, ()) else SELDOM
