"""Two hundred questions of twenty kinds about generated rooms, each with the answers that follow from the ground truth.

The wordings were written by hand before the search language was taught to answer them; things and answers come from the
truth of the rooms. A question is only asked where the truth has a clear answer: a margin separates right from wrong in
every comparison of sizes and distances, and relations are those of `core3d_search.synthetic.relations`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Truth = dict[str, Any]
Thing = tuple[str, int]
"""A scene and the id of an object in it."""


@dataclass(frozen=True)
class Question:
    """A text asked of `scenes` (all of the rooms where empty), and what a right answer is.

    `answers` are the things of which any may come first; empty where nothing may be found. `count`, `yes` and `scene`
    hold the answer to "how many", "is there" and "which scene".
    """

    kind: str
    text: str
    scenes: tuple[str, ...] = ()
    answers: frozenset[Thing] = frozenset()
    count: int | None = None
    yes: bool | None = None
    scene: str | None = None


MARGIN = 1.15
"""The least ratio between the size or distance that is right and the next one."""
MIN_PIXELS, MIN_FRAMES = 400, 3
"""Things that are seen less are not asked for."""

SYNONYMS = {
    "sofa": "couch", "trash can": "waste bin", "refrigerator": "fridge", "picture": "painting", "wardrobe": "closet",
    "mug": "cup", "tv": "television", "nightstand": "bedside table", "plant": "potted plant", "rug": "carpet",
    "washing machine": "washer", "cabinet": "cupboard", "bicycle": "bike", "bathtub": "tub", "stove": "cooker",
    "pillow": "cushion", "radiator": "heater", "telephone": "phone", "basket": "wicker basket", "bookshelf": "bookcase",
}  # fmt: skip
"""What people call the generator's things instead (its own synonyms)."""

FUNCTIONS = {
    "something to sit on": "chair office_chair armchair sofa stool bench ottoman",
    "a place to wash my hands": "sink washbasin",
    "where food is kept cold": "refrigerator",
    "something to heat soup on": "stove microwave pot",
    "something that gives light": "lamp floor_lamp ceiling_lamp candle",
    "what can I drink coffee from": "mug",
    "something to sleep in": "bed sofa",
    "a thing to throw rubbish into": "trash_can",
    "where can I hang my clothes": "wardrobe",
    "something that tells the time": "clock",
    "a thing to type on": "keyboard laptop",
    "something to read": "book books",
}
"""Functions and the kinds that serve them."""

STRANGERS = "giraffe, helicopter, canoe, waterfall, horse, tractor, submarine, parachute, telescope, wheelbarrow"
MATERIAL_WORDS = {"wood": "wooden", "metal": "metal", "leather": "leather", "ceramic": "ceramic", "wicker": "wicker",
                  "glass": "glass", "stone": "stone", "plastic": "plastic", "fabric": "fabric"}  # fmt: skip


class Room:
    """One room's truth, with what the makers of questions look up."""

    def __init__(self, scene: str, truth: Truth) -> None:
        self.scene, self.truth = scene, truth
        self.things = truth["objects"]
        self.seen = [o for o in self.things if o["pixels"] >= MIN_PIXELS and len(o["visible_frames"]) >= MIN_FRAMES]
        self.by_id = {o["id"]: o for o in self.things}
        self.ids = {o["id"] for o in self.seen}

    def kinds(self) -> dict[str, list[Truth]]:
        found: dict[str, list[Truth]] = {}
        for o in self.seen:
            found.setdefault(o["label"], []).append(o)
        return dict(sorted(found.items()))

    def all_of(self, label: str) -> list[Truth]:
        return [o for o in self.things if o["label"] == label]

    def things_of(self, objects: list[Truth]) -> frozenset[Thing]:
        return frozenset((self.scene, o["id"]) for o in objects)

    def facts(self, *predicates: str) -> Iterator[tuple[str, str, tuple[str, ...], list[Truth]]]:
        """Yield (predicate, subject label, anchor labels, the subjects) for facts about things that are seen."""
        found: dict[tuple[str, str, tuple[str, ...]], list[Truth]] = {}
        for fact in self.truth["relations"]:
            anchors = fact.get("objects", [fact["object"]])
            if fact["predicate"] in predicates and {fact["subject"], *anchors} <= self.ids:
                names = tuple(sorted(self.by_id[a]["label"] for a in anchors))
                key = (fact["predicate"], self.by_id[fact["subject"]]["label"], names)
                if self.by_id[fact["subject"]] not in found.setdefault(key, []):
                    found[key].append(self.by_id[fact["subject"]])
        for (predicate, subject, names), objects in sorted(found.items(), key=lambda item: item[0]):
            if subject not in names:
                yield predicate, subject, names, objects

    def holds(self, subject: Truth, predicate: str, anchor: str) -> bool:
        return any(
            fact["subject"] == subject["id"] and fact["predicate"] == predicate
            and any(self.by_id[a]["label"] == anchor for a in fact.get("objects", [fact["object"]]))
            for fact in self.truth["relations"]
        )  # fmt: skip


def size(o: Truth, dimension: str) -> float:
    """Return the height, width (the longer horizontal side), volume or largest face of the true box, in metres."""
    x, y, z = *sorted(o["box"]["extent"][:2]), o["box"]["extent"][2]
    sides = sorted((x, y, z))
    return {"height": z, "width": y, "volume": x * y * z, "face": sides[1] * sides[2]}[dimension]


def ranked(objects: list[Truth], dimension: str, sign: int, rank: int = 0) -> Truth | None:
    """Return the object of a rank by size, None where it is not clear; "large" must hold of volume and face."""
    best = []
    for sense in ("volume", "face") if dimension == "volume" else (dimension,):
        values = [size(o, sense) ** sign for o in objects]
        if not clear(values, rank):
            return None
        best.append(objects[int(np.argsort(values)[::-1][rank])])
    return best[0] if best[0] is best[-1] else None


def gap(a: Truth, b: Truth) -> float:
    """Return the distance in metres between the centres on the floor plan."""
    return float(np.linalg.norm(np.subtract(a["box"]["center"], b["box"]["center"])[:2]))


def clear(values: list[float], rank: int = 0) -> bool:
    """Whether the value of a rank (descending) is apart from its neighbours by MARGIN."""
    ordered = sorted(values, reverse=True)
    around = [p for p in (rank - 1, rank) if p >= 0 and p + 1 < len(ordered)]
    return all(ordered[p] >= MARGIN * ordered[p + 1] for p in around) and len(ordered) > max(rank, 1)


# -- one maker a kind: yields every question that the room allows; the wording is chosen by `n` ------------------------


def synonym(room: Room, n: int) -> Iterator[Question]:
    words = ("the {}", "find the {}", "where is the {}?", "{}", "show me the {}")
    for label in room.kinds():
        if label in SYNONYMS:
            text = words[n % 5].format(SYNONYMS[label])
            yield Question("named by a synonym", text, (room.scene,), room.things_of(room.all_of(label)))


def colour(room: Room, n: int) -> Iterator[Question]:
    words = ("{c} {x}", "the {x} that is {c}", "a {x} in {c}", "the {c} {x}", "is there a {x}? the {c} one")
    for label, objects in room.kinds().items():
        colors = {o["color"] for o in room.all_of(label)}
        for color in sorted({o["color"] for o in objects}):
            if len(colors) > 1 and color not in ("silver", "gold"):
                same = [o for o in room.all_of(label) if o["color"] == color]
                text = words[n % 4].format(c=color, x=label)
                yield Question("colour", text, (room.scene,), room.things_of(same))


def near(room: Room, n: int) -> Iterator[Question]:
    words = ("{x} near the {y}", "the {x} next to a {y}", "the {x} beside the {y}", "which {x} is close to the {y}?")
    for _, subject, (anchor,), objects in room.facts("near"):
        if len(room.all_of(subject)) > len(objects):
            text = words[n % 4].format(x=subject, y=anchor)
            yield Question("near", text, (room.scene,), room.things_of(objects))


def stacked(room: Room, n: int) -> Iterator[Question]:
    words = ("{x} {p} the {y}", "the {x} which is {p} a {y}", "find the {x} {p} the {y}")
    for predicate, subject, (anchor,), objects in room.facts("on", "inside", "under", "above"):
        text = words[n % 3].format(x=subject, y=anchor, p=predicate)
        yield Question("on, inside, under, above", text, (room.scene,), room.things_of(objects))


def beside(room: Room, n: int) -> Iterator[Question]:
    words = {
        "left of": "to the left of",
        "right of": "to the right of",
        "behind": "behind",
        "in front of": "in front of",
    }
    for predicate, subject, (anchor,), objects in room.facts("left of", "right of", "in front of", "behind"):
        if len(room.all_of(anchor)) == 1:
            text = f"{'the ' if n % 2 else ''}{subject} {words.get(predicate, predicate)} the {anchor}"
            yield Question("left, right, front, behind", text, (room.scene,), room.things_of(objects))


def between(room: Room, n: int) -> Iterator[Question]:
    for _, subject, (first, second), objects in room.facts("between"):
        text = f"the {subject} between the {first} and the {second}"
        if first == second:
            text = f"the {subject} between the two {first}s"
        if len(room.all_of(first)) + len(room.all_of(second)) <= 3 and first not in ("books", "curtain"):
            yield Question("between", text, (room.scene,), room.things_of(objects))


def negated(room: Room, n: int) -> Iterator[Question]:
    for label in room.kinds():
        every = room.all_of(label)
        for color in sorted({o["color"] for o in every} - {"silver", "gold"}):
            rest = [o for o in every if o["color"] != color]
            if rest and len(rest) < len(every) and n % 2:
                yield Question("negation", f"the {label} that is not {color}", (room.scene,), room.things_of(rest))
        for anchor in sorted({o["label"] for o in room.seen} - {label}):
            with_it = [o for o in every if room.holds(o, "near", anchor) or room.holds(o, "on", anchor)]
            rest = [o for o in every if o not in with_it and all(gap(o, a) > 1.5 for a in room.all_of(anchor))]
            if with_it and len(with_it) + len(rest) == len(every) and rest and not n % 2:
                yield Question("negation", f"{label} not near a {anchor}", (room.scene,), room.things_of(rest))


def superlative(room: Room, n: int) -> Iterator[Question]:
    words = {"tallest": "height", "widest": "width", "largest": "volume", "biggest": "volume", "smallest": "volume"}
    word = list(words)[n % 5]
    for label, _ in room.kinds().items():
        every = room.all_of(label)
        best = ranked(every, words[word], -1 if word == "smallest" else 1)
        if best is not None:
            yield Question("superlative", f"the {word} {label}", (room.scene,), room.things_of([best]))


def ordinal(room: Room, n: int) -> Iterator[Question]:
    words = ("second tallest", "second largest", "third largest", "second smallest", "second widest")
    word = words[n % 5]
    dimension = {"tallest": "height", "widest": "width"}.get(word.split()[1], "volume")
    rank = 2 if word.startswith("third") else 1
    for label, _ in room.kinds().items():
        every = room.all_of(label)
        best = ranked(every, dimension, -1 if "smallest" in word else 1, rank)
        if best is not None:
            yield Question("ordinal", f"the {word} {label}", (room.scene,), room.things_of([best]))


def by_distance(room: Room, n: int) -> Iterator[Question]:
    words = ("the {x} closest to the {y}", "the {x} farthest from the {y}", "the {x} nearest the {y}",
             "which {x} is furthest away from the {y}?")  # fmt: skip
    far = n % 4 in (1, 3)
    for label, _ in room.kinds().items():
        every = room.all_of(label)
        for anchor, found in room.kinds().items():
            if anchor != label and len(room.all_of(anchor)) == 1 and len(every) > 1:
                values = [gap(o, found[0]) ** (1 if far else -1) for o in every]
                if clear([v**2 for v in values]):
                    best = every[int(np.argmax(values))]
                    text = words[n % 4].format(x=label, y=anchor)
                    yield Question("closest, farthest", text, (room.scene,), room.things_of([best]))


def nested(room: Room, n: int) -> Iterator[Question]:
    for predicate, subject, (anchor,), _ in room.facts("on", "near"):
        for other in sorted({o["label"] for o in room.seen} - {subject, anchor}):
            holders = [o for o in room.all_of(anchor) if room.holds(o, "near", other)]
            far = [o for o in room.all_of(anchor) if o not in holders]
            right = [
                room.by_id[f["subject"]] for f in room.truth["relations"]
                if f["predicate"] == predicate and room.by_id[f["subject"]]["label"] == subject
                and f["object"] in {o["id"] for o in holders}
            ]  # fmt: skip
            if holders and far and right and {o["id"] for o in right} <= room.ids:
                word = "on" if predicate == "on" else "near"
                text = f"the {subject} {word} the {anchor} next to the {other}"
                yield Question("nested relations", text, (room.scene,), room.things_of(right))


def function(room: Room, n: int) -> Iterator[Question]:
    for text, kinds in list(FUNCTIONS.items())[n % 12 :] + list(FUNCTIONS.items())[: n % 12]:
        labels = {kind.replace("_", " ") for kind in kinds.split()}
        right = [o for o in room.things if o["label"] in labels]
        if any(o["id"] in room.ids for o in right):
            yield Question("function", text, (room.scene,), room.things_of(right))
            return


def material(room: Room, n: int) -> Iterator[Question]:
    for label, objects in room.kinds().items():
        for stuff in sorted({o["material"] for o in objects} & MATERIAL_WORDS.keys()):
            every = room.all_of(label)
            right = [o for o in every if o["material"] == stuff]
            if len(right) < len(every) or stuff in ("leather", "wicker", "ceramic"):
                text = f"{'the ' if n % 2 else ''}{MATERIAL_WORDS[stuff]} {label}"
                yield Question("material", text, (room.scene,), room.things_of(right))


def comparison(room: Room, n: int) -> Iterator[Question]:
    words = (("bigger than", "volume", 1), ("taller than", "height", 1), ("smaller than", "volume", -1),
             ("wider than", "width", 1), ("shorter than", "height", -1))  # fmt: skip
    word, dimension, sign = words[n % 5]
    for label, _ in room.kinds().items():
        for anchor, found in room.kinds().items():
            if anchor == label or len(room.all_of(anchor)) != 1:
                continue
            senses = ("volume", "face") if dimension == "volume" else (dimension,)
            every = room.all_of(label)
            ratios = [[(size(o, s) / size(found[0], s)) ** sign for s in senses] for o in every]
            right = [o for o, r in zip(every, ratios, strict=True) if min(r) > 1.07]
            if 0 < len(right) < len(every) and all(min(r) > 1.07 or max(r) < 0.93 for r in ratios):
                text = f"{label} {word} the {anchor}"
                yield Question("compared with a thing", text, (room.scene,), room.things_of(right))


def measure(room: Room, n: int) -> Iterator[Question]:
    words = (("{x} taller than {m:.2f} m", "height", 1, 1.0), ("{x} wider than {m:.0f} cm", "width", 1, 100.0),
             ("a {x} about {m:.1f} m wide", "width", 0, 1.0), ("{x} at least {m:.0f} inches tall", "height", 1, 39.37),
             ("{x} less than {m:.2f} feet high", "height", -1, 3.281))  # fmt: skip
    text, dimension, sign, unit = words[n % 5]
    for label, _ in room.kinds().items():
        every = sorted(room.all_of(label), key=lambda o: size(o, dimension))
        values = [size(o, dimension) for o in every]
        for low, high in zip(range(len(every)), range(1, len(every)), strict=False):
            if values[high] < 1.2 * values[low]:
                continue
            limit = (values[low] * values[high]) ** 0.5
            right = every[high:] if sign > 0 else every[:high]
            if sign == 0:
                limit, right = values[high], [o for o in every if abs(size(o, dimension) / values[high] - 1) < 0.1]
                if any(0.1 <= abs(v / values[high] - 1) < 0.25 for v in values):
                    continue
            words_for_it = text.format(x=label, m=limit * unit)
            yield Question("measure with a unit", words_for_it, (room.scene,), room.things_of(right))


def count(room: Room, n: int) -> Iterator[Question]:
    words = ("how many {x}s are there?", "how many {x}s are in the room", "number of {x}s", "count the {x}s")
    for label, objects in room.kinds().items():
        every = room.all_of(label)
        if len(objects) == len(every) > 1 and not label.endswith(("s", "x", "sh", "ch", "f")):
            yield Question("how many", words[n % 4].format(x=label), (room.scene,), count=len(every))


def existence(room: Room, n: int) -> Iterator[Question]:
    words = ("is there a {x} {p} the {y}?", "is there any {x} {p} a {y}", "are there {x}s {p} the {y}?")
    if n % 2:
        for predicate, subject, (anchor,), _ in room.facts("on", "under", "near"):
            text = words[n % 3].format(x=subject, y=anchor, p=predicate)
            yield Question("is there", text, (room.scene,), yes=True)
        return
    for subject in ("piano", "guitar", "bathtub", "toilet", "sofa", "bicycle", "dishwasher", "tv", "bed", "fireplace"):
        if not room.all_of(subject):
            text = f"is there a {subject}?" if n % 4 else f"is there a {subject} in this room"
            yield Question("is there", text, (room.scene,), yes=False)


def absent(room: Room, n: int) -> Iterator[Question]:
    stranger = STRANGERS.split(", ")[n % 10]
    yield Question("absent thing", f"the {stranger}" if n % 2 else f"a {stranger} near the door", (room.scene,))


def across(rooms: list[Room], n: int) -> Iterator[Question]:
    words = (("the highest {}", "top", 1), ("the largest {} of all", "volume", 1), ("the tallest {}", "height", 1),
             ("the smallest {}", "volume", -1))  # fmt: skip
    for label in sorted({o["label"] for room in rooms for o in room.seen}):
        every = [(room, o) for room in rooms for o in room.all_of(label)]
        counts = {room.scene: len(room.all_of(label)) for room in rooms}
        if len({room.scene for room, _ in every}) < 3:
            continue
        if n % 5 == 4:
            if clear([float(c) for c in counts.values()]) and not label.endswith(("s", "x", "f")):
                most = max(counts, key=lambda scene: counts[scene])
                yield Question("across scenes", f"which scene has the most {label}s?", scene=most)
            continue
        word, dimension, sign = words[n % 5]
        heights = [o["box"]["center"][2] for _, o in every]
        best = ranked([o for _, o in every], dimension, sign) if dimension != "top" else None
        if dimension == "top" and clear(heights):
            best = every[int(np.argmax(heights))][1]
        if best is not None:
            room = next(r for r, o in every if o is best)
            yield Question("across scenes", word.format(label), (), room.things_of([best]))


def in_a_room(rooms: list[Room], n: int) -> Iterator[Question]:
    words = ("the {x} in the {r}", "{x} in a {r}", "a {x} in the {r}")
    for label in sorted({o["label"] for room in rooms for o in room.seen}):
        for kind in sorted({room.truth["kind"] for room in rooms} & {"kitchen", "bathroom", "bedroom", "office"}):
            right = [(room.scene, o["id"]) for room in rooms if room.truth["kind"] == kind for o in room.all_of(label)]
            elsewhere = any(room.all_of(label) for room in rooms if room.truth["kind"] != kind)
            if right and elsewhere:
                text = words[n % 3].format(x=label, r=kind)
                yield Question("in a kind of room", text, (), frozenset(right))


ONE_ROOM: tuple[Callable[[Room, int], Iterator[Question]], ...] = (
    synonym, colour, near, stacked, beside, between, negated, superlative, ordinal, by_distance, nested, function,
    material, comparison, measure, count, existence, absent,
)  # fmt: skip
ALL_ROOMS: tuple[Callable[[list[Room], int], Iterator[Question]], ...] = (across, in_a_room)


def questions(truths: dict[str, Truth], each: int = 10) -> list[Question]:
    """Return `each` questions of every kind, spread over the rooms, the same for the same rooms."""
    rooms = [Room(scene, truth) for scene, truth in truths.items()]
    chosen: list[Question] = []
    for maker in (*ONE_ROOM, *ALL_ROOMS):
        taken: dict[str, Question] = {}
        for n in range(8 * each):
            random = np.random.default_rng(n)
            found = list(maker(rooms[n % len(rooms)] if maker in ONE_ROOM else rooms, n))  # type: ignore[arg-type]
            fresh = [q for q in found if f"{q.text} {q.scenes}" not in taken]
            if fresh and len(taken) < each:
                question = fresh[int(random.integers(len(fresh)))]
                taken[f"{question.text} {question.scenes}"] = question
        chosen += taken.values()
    return chosen
