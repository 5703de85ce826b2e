"""Free text to `Query`: a tolerant left-to-right reader over the lexicon, no model.

One pass. A noun phrase without a waiting relation names the target (or, once there is one, another thing that is put
in relation to it); a relation word waits for the noun phrase that becomes its anchor. Relations belong to the nearest
noun before them inside a clause ("the mug on the table next to the window") and to the target after a comma, a
full stop or "and"; orders such as "closest to" always belong to the target.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

from core3d_search.query import lexicon as lex
from core3d_search.query.notation import looks_exact, read
from core3d_search.query.nouns import GENERIC, NOUNS, canonical
from core3d_search.query.types import Attribute, Measure, Phrase, Query, Relation, Selector, Viewpoint
from core3d_search.query.words import LONGEST_TEXT, Speller, singular, tokenise

_MARKS = frozenset('.,;:!?()"')
_STOPS = frozenset(".;!?:")
_LONGEST_NAME = 4
_DEEPEST = 12


@dataclass
class _Draft:
    """A phrase while it is read."""

    noun: str = ""
    attributes: list[Attribute] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    relations: list[tuple[str, list[_Draft], bool]] = field(default_factory=list)
    selectors: list[tuple[str, int, list[_Draft], bool]] = field(default_factory=list)
    number: int | None = None
    excluded: list[str] = field(default_factory=list)
    pronoun: bool = False
    mutual: bool = False
    group: bool = False
    this: bool = False
    plural: bool = False

    def settle(self) -> None:
        """Join a bare ordinal with the side that was named after it: "the second one, counting from the left"."""
        bare = next((s for s in self.selectors if s[0] == "first"), None)
        if bare is None:
            return
        side = next((s for s in self.selectors if s[0] in lex.COUNTED_FROM and s[1] == 1), None)
        self.selectors.remove(bare)
        if side is not None:
            self.selectors[self.selectors.index(side)] = (side[0], bare[1], side[2], side[3])
        else:
            self.selectors.append(("leftmost", bare[1], bare[2], bare[3]))

    def freeze(self, depth: int = 0) -> Phrase:
        self.settle()
        deeper = depth < _DEEPEST
        return Phrase(
            self.noun,
            tuple(dict.fromkeys(self.attributes)),
            tuple(self.measures),
            tuple(
                Relation(name, tuple(a.freeze(depth + 1) for a in anchors), negated)
                for name, anchors, negated in (self.relations if deeper else ())
            ),
            tuple(
                dict.fromkeys(
                    Selector(order, rank, tuple(a.freeze(depth + 1) for a in anchors), negated)
                    for order, rank, anchors, negated in (self.selectors if deeper else ())
                )
            ),
            self.number,
            tuple(self.excluded),
        )


def parse(text: str, vocabulary: Collection[str] = (), scenes: Collection[str] = ()) -> Query:
    """Return what `text` asks for; never raises on free text.

    `vocabulary` adds names of things (labels of the objects at hand), `scenes` names that "in NAME" may mean. Text in
    the exact notation (see `notation`) is read as such; if it is broken, InputError says where.
    """
    if looks_exact(text):
        return read(text)
    scene, rest = _scene(text, scenes)
    reader = _Reader(rest, frozenset(name.lower() for name in vocabulary))
    return reader.query(text, scene)


def _scene(text: str, scenes: Collection[str]) -> tuple[str | None, str]:
    """Split "in scene NAME" (or a known name after "in", or a quoted one) off the text."""
    short = text[: LONGEST_TEXT * 2]
    quoted = re.search(
        r"\b(?:in|from)\s+(?:the\s+)?(?:scene|room|scan)?\s*[\"“]([^\"”]{1,80})[\"”]", short, re.IGNORECASE
    )
    named = re.search(r"\b(?:in|from|of)\s+(?:the\s+)?(?:scene|scan)\s+(?:named\s+)?([\w./-]*\w)", short, re.IGNORECASE)
    found = quoted or named
    if found:
        return found.group(1), short[: found.start()] + " " + short[found.end() :]
    for name in scenes:
        known = re.search(rf"\b(?:in|from)\s+(?:the\s+)?(?:room\s+)?{re.escape(name)}(?!\w)", short, re.IGNORECASE)
        if known:
            return name, short[: known.start()] + " " + short[known.end() :]
    return None, text


@lru_cache(maxsize=1)
def _speller() -> Speller:
    words = set(lex.KNOWN_WORDS)
    for name in NOUNS:
        words.update(name.split())
    return Speller(words)


class _Reader:
    def __init__(self, text: str, vocabulary: frozenset[str]) -> None:
        self.names = vocabulary
        extra = {word for name in vocabulary for word in name.split()}
        speller = _speller()
        self.words = [w if w in extra or w in _MARKS else speller.correct(w) for w in tokenise(text)]
        self.raw = self.words
        self.n = len(self.words)
        self.i = 0
        self.known = [False] * self.n
        self.target: _Draft | None = None
        self.subject: _Draft | None = None
        self.head: _Draft | None = None
        self.owner: _Draft | None = None
        self.others: list[_Draft] = []
        self.standing: _Draft | None = None
        self.facing: _Draft | None = None
        self.negated = False
        self.existential = False
        self.provisional = False
        self.pending: tuple[_Draft, str, bool] | None = None
        self.aim = "find"

    # -- the whole ---------------------------------------------------------------------------------------------

    def query(self, text: str, scene: str | None) -> Query:
        steps = (
            self.mark,
            self.question,
            self.viewpoint,
            self.imperative,
            self.conjunction,
            self.negation,
            self.measure,
            self.side,
            self.ordinal,
            self.alone,
            self.selector,
            self.relation,
            self.attribute,
            self.statement,
        )
        while self.i < self.n:
            before = self.i
            if not any(step() for step in steps):
                self.skip()
            if self.i <= before:  # every step must move on
                self.i = before + 1
        if self.target is not None and canonical(self.target.noun) in lex.PLACES | {"row", ""} and self.facing is None:
            self.target.noun = self.at_choice() or self.target.noun
        if self.target is not None and not self.target.noun and self.facing is not None and self.target.selectors:
            # "facing the windows, the second from the left": the windows themselves are at choice
            self.target.noun = self.at_choice() or self.facing.noun
        self.link_others()
        content = [k for k, w in enumerate(self.words) if w not in _MARKS and w not in lex.FUNCTION_WORDS]
        missed = tuple(self.words[k] for k in content if not self.known[k])
        certainty = 1.0 - len(missed) / len(content) if content else 0.0
        target = self.target
        fallback = target is None or (not target.noun and not self.says_something(target)) or certainty < 0.5
        if target is None:
            words = [w for w in self.words if w not in _MARKS]
            target = _Draft(noun=" ".join(words[:12]))
            certainty = min(certainty, 0.3)
        over = text[LONGEST_TEXT:].split(maxsplit=1)
        view = None
        if self.standing is not None or self.facing is not None:
            view = Viewpoint(
                self.standing.freeze() if self.standing else None, self.facing.freeze() if self.facing else None
            )
        aim = "count" if self.aim == "count" else "find"
        return Query(
            target.freeze(),
            view,
            scene,
            aim,
            text,
            missed + tuple(w[:40] for w in over[:1]),
            round(certainty, 3),
            fallback,
        )

    def at_choice(self) -> str:
        """Return the noun of the group that was mentioned around: "on the wall with two pictures, the one on the left"."""
        around = [self.facing, self.standing, self.target]
        for draft in around:
            if draft is not None and canonical(draft.noun) not in lex.PLACES and (draft.plural or draft.number):
                return draft.noun
        for draft in around:
            for _, anchors, negated in draft.relations if draft is not None else ():
                for anchor in anchors:
                    if anchor.noun and (anchor.plural or anchor.number) and not negated:
                        return anchor.noun
        for other in self.others:
            if other.noun and (other.plural or other.number):
                return other.noun
        return ""

    @staticmethod
    def says_something(draft: _Draft) -> bool:
        return bool(draft.relations or draft.selectors or draft.attributes or draft.measures)

    # -- little tools ------------------------------------------------------------------------------------------

    def word(self, offset: int = 0) -> str:
        k = self.i + offset
        return self.words[k] if 0 <= k < self.n else ""

    def eat(self, count: int = 1) -> None:
        for k in range(self.i, min(self.i + count, self.n)):
            self.known[k] = True
        self.i += count

    def skip(self) -> None:
        word = self.word()
        if word in lex.KNOWN_WORDS or word.isdigit():
            self.known[self.i] = True
        self.i += 1

    def longest(self, table: dict[tuple[str, ...], str], start: int | None = None) -> tuple[int, str] | None:
        start = self.i if start is None else start
        for length in range(min(9, self.n - start), 0, -1):
            meaning = table.get(tuple(self.words[start : start + length]))
            if meaning is not None:
                return length, meaning
        return None

    def name_at(self, start: int) -> tuple[int, str] | None:
        """Return (number of words, canonical name) of the longest known name at `start`."""
        if (
            start < self.n
            and self.words[start] in ("can", "cans")
            and start
            and self.words[start - 1] in lex.BEFORE_NOUNS
        ):
            return 1, "trash can"
        for length in range(min(_LONGEST_NAME, self.n - start), 0, -1):
            words = self.words[start : start + length]
            if any(w in _MARKS for w in words):
                continue
            joined = " ".join(words)
            alone = " ".join([*words[:-1], singular(words[-1])])
            if joined in self.names or joined in NOUNS:
                return length, joined
            if alone in self.names or alone in NOUNS:
                return length, alone
        return None

    def current(self) -> _Draft:
        """Return the draft that a free attribute or order describes; makes an unnamed target if there is none."""
        if self.target is None:
            self.target = self.subject = self.head = _Draft(pronoun=True)
        return self.target

    def unnamed(self) -> bool:
        """Whether the target was only called "it" or "the object" so far, and nothing else was mentioned."""
        return self.target is not None and self.subject is self.target and (
            not self.target.noun or canonical(self.target.noun) in GENERIC
        )

    def taken_negation(self) -> bool:
        negated, self.negated = self.negated, False
        return negated

    # -- steps: each returns whether it consumed something ----------------------------------------------------------

    def mark(self) -> bool:
        word = self.word()
        if word not in _MARKS:
            return False
        self.eat()
        self.head = self.subject
        if word in _STOPS:
            self.subject = self.head = self.target
            self.existential = False
            self.owner = None
        self.negated = False
        return True

    def question(self) -> bool:
        if self.i < 6 and self.target is None:
            if self.word() == "how" and self.word(1) == "many":
                self.aim = "count"
                self.eat(2)
                return True
            if self.word() == "count" or (self.word() == "number" and self.word(1) == "of"):
                self.aim = "count"
                self.eat(2 if self.word(1) == "of" else 1)
                return True
        return False

    def viewpoint(self) -> bool:
        """ "facing the door", "if you are standing at the window looking at the bed", "from the door"."""
        start = self.i
        opener = False
        while self.word() in lex.VIEW_OPENERS:
            opener = True
            self.eat()
        if opener:
            while self.word() in lex.VIEW_SUBJECTS and self.i - start < 9:
                self.eat()
        fresh = opener or self.target is None or self.clause_start(start)
        sided = self.target is not None and any(s[0] in ("leftmost", "rightmost") for s in self.target.selectors)
        kind = self.view_kind(opener) if fresh or sided else None
        if kind is None:
            self.i = start
            if opener and self.target is not None and self.word() in ("when", "if", "while"):
                self.eat()
                return True
            return False
        self.eat()
        while self.word() in lex.VIEW_FILLERS:
            if (self.word() == "with" and self.word(1) not in ("your", "my", "the")) or (
                self.word() in ("right", "left") and self.word(1) in ("", ",", "side")
            ):
                break
            if self.word() == "and":
                if self.word(1) in ("facing", "looking", "look", "face", "turn"):
                    self.eat()
                    return True
                break
            if self.word() == "room":
                self.eat()
                if self.word() not in ("from", "through", "by", "at", "via"):
                    break
                continue
            self.eat()
        anchor = self.noun_phrase()
        if anchor is None:
            if kind == "entering":
                self.standing = self.standing or _Draft(noun="door")
            return self.i > start
        if anchor.pronoun and self.target is not None:
            anchor = self.target
        if kind == "entering" and self.word() in ("through", "from", "by", "via", "using"):
            self.eat()
            anchor = self.noun_phrase() or anchor
        if self.word() == "of":
            self.eat()
            self.noun_phrase()
        self.view_relations(anchor)
        if kind == "facing":
            self.facing = anchor
        elif kind == "entering":
            named = canonical(anchor.noun).split()[-1:] == ["door"] or canonical(anchor.noun) == "doorframe"
            self.standing = anchor if named else _Draft(noun="door")
        elif not self.roomlike(anchor):
            self.standing = self.standing or anchor
        if self.word() == ",":
            self.mark()
        return True

    def view_kind(self, opener: bool) -> str | None:
        """Return what kind of viewpoint begins here, without moving."""
        word, after = self.word(), self.word(1)
        if word in ("facing", "face", "viewing", "faced"):
            return "facing"
        if word in ("looking", "look", "looks", "staring", "turned", "pointed"):
            if after == "from":
                return "standing"
            directed = after in (
                "at",
                "toward",
                "towards",
                "into",
                "in",
                "out",
                "directly",
                "straight",
                "through",
                "down",
                "across",
                "over",
            )
            # "look at the picture above the seat" asks for the picture; "looking at the doors, ..." is a viewpoint
            return (
                "facing"
                if (directed or (after == "to" and opener)) and (opener or word != "look" or self.comma_ahead())
                else None
            )
        if word in ("standing", "stand", "using", "sitting", "sit", "lying", "laying", "seated", "stood") and (
            opener or self.target is None
        ):
            return "standing"
        if word in (
            "entering",
            "enter",
            "enters",
            "walk",
            "walking",
            "come",
            "coming",
            "go",
            "going",
            "exiting",
            "leaving",
            "exit",
            "entered",
            "leave",
        ):
            return "entering" if opener or (self.target is None and word not in ("exit", "go", "come", "leave")) else None
        if (
            word == "from"
            and (self.target is None or self.clause_start(self.i) or opener)
            and after not in ("left", "right", "top", "bottom")
        ):
            return "standing"
        if word == "back" and self.word(1) in ("is", "against", "to", "towards", "facing") and opener:
            return "standing"
        return None

    def comma_ahead(self) -> bool:
        return "," in self.words[self.i : self.i + 8]

    def imperative(self) -> bool:
        """ "There are two beds. Choose the pillow ...": what is to be chosen is the target, what went before is around it."""
        looking = self.word() == "look" and self.word(1) in ("at", "for")
        if not (looking or self.word() in lex.IMPERATIVES) or (self.i and self.words[self.i - 1] in ("to", "not", "that")):
            return False
        start = self.i
        self.eat(2 if looking else 1)
        if self.target is None or not self.target.noun:
            return True
        while self.word() in ("for", "out"):
            self.eat()
        draft = self.noun_phrase()
        if draft is None:
            return True
        if draft.pronoun or canonical(draft.noun) == canonical(self.target.noun):
            self.join(draft, self.taken_negation())
            return True
        if not self.clause_start(start) and self.words[start - 1] not in ("and", "please", "then", "so", "you", "i", "we"):
            self.i = start + 1
            return True
        self.others.append(self.target)
        self.target = self.subject = self.head = draft
        return True

    def view_relations(self, anchor: _Draft) -> None:
        """Attach what directly follows the viewpoint's noun: "facing the wall with the windows"."""
        for _ in range(2):
            found = self.longest(lex.RELATION_PHRASES)
            if found is None or found[1] not in ("with", "near", "on", "above", "inside", "below", "end"):
                return
            start = self.i
            self.eat(found[0])
            inner = self.noun_phrase()
            if inner is None or (self.word() not in (",", "with", "and") and self.word() != "" and found[1] != "with"):
                self.i = start
                return
            anchor.relations.append((found[1], [inner], False))
            self.trailing(anchor)

    def clause_start(self, at: int) -> bool:
        return at == 0 or self.words[at - 1] in _MARKS

    def conjunction(self) -> bool:
        if self.word() in ("and", "but", "or"):
            following = self.word(1)
            if following in ("not",):
                self.eat()
                self.head = self.subject
                return True
            self.eat()
            # a relation after "and" describes what the relation before it described
            self.head = self.owner or self.subject
            return True
        if self.word() in ("that", "which", "who", "whose", "where"):
            following = self.word(1)
            if (
                following in ("is", "are", "has", "have", "does", "was", "were", "sits", "you", "looks", "can", "it")
                or following in lex.VERBS
            ):
                self.eat()
                return True
        return False

    def negation(self) -> bool:
        word = self.word()
        if (word in ("other", "rather") and self.word(1) == "than") or (word == "instead" and self.word(1) == "of"):
            self.eat(2)
            self.negated = True
            return True
        if word in lex.NEGATIONS:
            self.eat()
            self.negated = True
            if word in ("without", "no", "except", "excluding"):
                if word == "without" or (self.head is not None and word == "no"):
                    self.add_relation("with", negated=True)
                    self.negated = False
            return True
        return False

    def measure(self) -> bool:
        """ "wider than 1 m", "at least 2 metres tall", "1.5 m wide"."""
        number = _number(self.word())
        if number is not None:
            unit = _UNITS.get(self.word(1))
            dimension = _DIMENSIONS.get(self.word(2))
            if unit and dimension:
                self.eat(3)
                self.current().measures.append(Measure(dimension, "=", number * unit, self.taken_negation()))
                return True
            return False
        start = self.i
        dimension, sign = _COMPARED.get(self.word(), ("", ""))
        offset = 1
        if dimension and self.word(1) == "than":
            offset = 2
        elif self.word() in ("more", "less", "over", "under", "larger", "smaller") and self.word(1) == "than":
            sign, offset = (">" if self.word() in ("more", "larger") else "<"), 2
        elif self.word() == "at" and self.word(1) in ("least", "most"):
            sign, offset = (">" if self.word(1) == "least" else "<"), 2
        else:
            return False
        number = _number(self.word(offset))
        unit = _UNITS.get(self.word(offset + 1))
        if number is None or not unit:
            self.i = start
            return False
        length = offset + 2
        named = _DIMENSIONS.get(self.word(length)) or (
            _DIMENSIONS.get(self.word(length + 1)) if self.word(length) == "in" else None
        )
        if named:
            dimension = named
            length += 2 if self.word(length) == "in" else 1
        self.eat(length)
        self.current().measures.append(
            Measure(dimension or "size", ">" if sign == ">" else "<", number * unit, self.taken_negation())
        )
        return True

    def side(self) -> bool:
        """ "on the left", "to the left of the desk", "at the far right of the room", "left side"."""
        start = self.i
        length = 0
        preposition = ""
        if self.word() in ("on", "to", "at", "in", "from", "along", "towards", "toward", "onto"):
            preposition = self.word()
            length = 1
        while self.word(length) in (
            "the",
            "your",
            "its",
            "his",
            "her",
            "my",
            "our",
            "their",
            "a",
            "far",
            "very",
            "extreme",
            "immediate",
            "direct",
            "immediately",
            "directly",
            "'s",
            "upper",
            "lower",
            "it",
            "most",
            "slightly",
            "just",
            "other",
        ):
            if self.word(length) in ("upper", "lower") and self.word(length + 1) not in lex.SIDES:
                break
            if self.word(length) == "other":
                return False
            length += 1
            if length > 5:
                return False
        side = self.word(length)
        if side not in lex.SIDES:
            return False
        order = lex.SIDES[side]
        length += 1
        second = None
        while self.word(length) in ("most", "hand", "left", "right", "middle", "center", "-"):
            if self.word(length) in ("left", "right") and order in (
                "highest",
                "lowest",
                "middle",
                "backmost",
                "frontmost",
            ):
                second = lex.SIDES[self.word(length)]
            length += 1
        nominal = False
        while self.word(length) in (
            "side",
            "hand",
            "end",
            "part",
            "portion",
            "position",
            "option",
            "area",
            "half",
            "section",
            "direction",
            "edge",
            "most",
            "spot",
            "sides",
        ) or (
            self.word(length) in ("corner", "wall")
            and preposition
            and order in ("leftmost", "rightmost", "backmost", "frontmost")
        ):
            nominal = True
            length += 1
        following = self.word(length)
        if not preposition and not nominal:
            # a bare side word: prenominal uses are read by the noun phrase; accept "top left", "second left", "..., right"
            if (
                following
                not in ("", "of", "from", "when", "if", "as", "facing", "looking", "and", "in", "on", "by", "next")
                and following not in _MARKS
            ):
                return False
            if side in ("front", "back", "middle", "center", "centre") and following in ("of",) and order != "middle":
                return False
        if order in ("middle", "highest", "lowest", "frontmost", "backmost") and following == "of":
            # "on top of", "in front of", "in the middle of X and Y" are relations
            if self.longest(lex.RELATION_PHRASES) is not None:
                found = self.longest(lex.RELATION_PHRASES)
                if found is not None and found[0] > 1 and not self.group_follows(start + length + 1):
                    return False
        if (
            order == "highest"
            and not (preposition or nominal or second)
            and following not in _MARKS
            and following != ""
        ):
            return False
        self.eat(length)
        if self.target is None and not self.standing and not self.facing:
            pass
        relation = {
            "leftmost": "left",
            "rightmost": "right",
            "frontmost": "front",
            "backmost": "behind",
            "highest": "above",
            "lowest": "below",
            "middle": "between",
        }[order]
        negated = self.taken_negation()
        if second:
            self.described().selectors.append((second, 1, [], negated))
        if following in ("of", "from", "to", "side"):
            save = self.i
            self.eat()
            if self.group_follows(self.i):
                anchor = self.noun_phrase()
                if anchor is not None and not self.roomlike(anchor):
                    self.merge_group(anchor)
                self.described().selectors.append((order, 1, [], negated))
                return True
            anchor = self.noun_phrase()
            if anchor is not None:
                if self.roomlike(anchor):
                    self.described().selectors.append((order, 1, [], negated))
                elif relation == "between":
                    self.i = save
                    self.described().selectors.append((order, 1, [], negated))
                else:
                    if anchor.pronoun and not anchor.noun:
                        self.resolve_pronoun(relation, negated, self.described())
                    else:
                        self.described().relations.append((relation, [anchor], negated))
                        self.owner, self.head = self.described(), anchor
                        self.more_anchors(relation, anchor, negated)
                return True
            self.i = save
        owner = self.described()
        if owner is not self.target and owner in self.others and self.target is not None and relation != "between":
            # "there is a lamp to the left": the other thing lies to the left of the target
            self.target.relations.append((lex.INVERSE.get(relation, "near"), [owner], negated))
            self.others.remove(owner)
            self.subject = self.head = self.target
            return True
        owner.selectors.append((order, 1, [], negated))
        return True

    def described(self) -> _Draft:
        """Return the draft that an order word after the noun belongs to."""
        if self.subject is not None and self.subject is not self.target:
            return self.subject
        return self.current()

    def group_follows(self, at: int) -> bool:
        """Whether the objects at choice follow as a group: "of the two chairs", "of all the desks", "of the room"."""
        counted = False
        for k in range(at, min(at + 6, self.n)):
            word = self.words[k]
            found = self.name_at(k)
            if found is not None and word not in lex.DETERMINERS and word not in lex.ADJECTIVES:
                name = canonical(found[1])
                if name in ("room", "group", "row", "stack", "pile", "set", "scene", "picture frame"):
                    return True
                if self.target is None or not self.target.noun:
                    return True
                last = self.words[k + found[0] - 1]
                return name == canonical(self.target.noun) and (counted or singular(last) != last)
            counted = counted or word in lex.NUMBERS or word.isdigit()
            if word in ("them", "others", "all", "both", "many"):
                counted = True
            if word in _MARKS:
                return counted
        return counted

    @staticmethod
    def roomlike(draft: _Draft) -> bool:
        return canonical(draft.noun) in (
            "room",
            "kitchen",
            "bathroom",
            "bedroom",
            "group",
            "row",
            "office",
            "picture frame",
            "scene",
            "area",
            "stack",
            "pile",
        ) or (draft.pronoun and draft.plural)

    def merge_group(self, group: _Draft) -> None:
        """ "the left one of the two brown chairs": the group's noun and looks are the target's."""
        target = self.current()
        if not target.noun:
            target.noun = group.noun
        if canonical(target.noun) == canonical(group.noun):
            target.attributes += group.attributes
            target.relations += group.relations
            self.head = target

    def ordinal(self) -> bool:
        """ "second from the left", "the third chair from the door", "second largest"."""
        word = self.word()
        if word not in lex.ORDINALS:
            return False
        rank = lex.ORDINALS[word]
        length = 1
        if self.word(length) in ("most", "one", "from", "to", "in", "on"):
            pass
        found = self.longest(lex.SELECTOR_PHRASES, self.i + length)
        if found is not None:
            self.eat(length)
            self.pick(found, rank)
            return True
        self.eat(length)
        if self.word() in ("row", "shelf", "level", "floor"):
            self.eat()
        save = self.i
        inner = None
        if self.word() not in ("from", "in", "on", "to", "down", "up", "left", "right", "over"):
            inner = self.noun_phrase(ranked=True)
        if inner is not None and not inner.pronoun:
            if self.target is None:
                self.target = self.subject = self.head = inner
            elif canonical(inner.noun) != canonical(self.target.noun):
                self.i = save
                return True
        elif inner is None:
            self.i = save
        self.current()
        order = self.rank_from()
        if order is None:
            order = ("first", [])  # resolved by a later side word
        self.current().selectors.append((order[0], rank, order[1], self.taken_negation()))
        return True

    def rank_from(self) -> tuple[str, list[_Draft]] | None:
        """Read "from the left", "from the door", "on the right", "to the left", "from the top"."""
        start = self.i
        if self.word() in ("over", "down", "up", "along", "away", "back", "in", "going", ",", "one"):
            length = 1
            if self.word(1) not in ("from", "on", "to"):
                length = 0
            self.eat(length)
        if self.word() in ("from", "on", "to", "in", "at"):
            preposition = self.word()
            self.eat()
            while self.word() in ("the", "your", "my", "far", "its", "very"):
                self.eat()
            if self.word() in lex.SIDES and self.word() != "middle":
                order = lex.SIDES[self.word()]
                self.eat()
                while self.word() in ("hand", "side", "most", "end"):
                    self.eat()
                if self.word() == "to" and self.word(1) in lex.SIDES:
                    self.eat(2)  # "from left to right"
                if order in ("frontmost", "backmost") and self.word() == "of":
                    self.i = start
                    return None
                return order, []
            if preposition == "from":
                anchor = self.noun_phrase()
                if anchor is not None and not anchor.pronoun:
                    return "closest", [anchor]
        elif self.word() in ("left", "right"):
            order = lex.SIDES[self.word()]
            self.eat()
            return order, []
        self.i = start
        return None

    def alone(self) -> bool:
        for phrase in lex.ALONE:
            if tuple(self.words[self.i : self.i + len(phrase)]) == phrase:
                self.eat(len(phrase))
                self.current().selectors.append(("loneliest", 1, [], self.taken_negation()))
                return True
        return False

    def selector(self) -> bool:
        found = self.longest(lex.SELECTOR_PHRASES)
        if found is None:
            return False
        if found[1] in ("frontmost", "backmost") and self.word(found[0]) == "of":
            return False
        if found[0] == 1 and found[1] in ("highest", "lowest") and self.word(1) == "than":
            return False
        self.pick(found, 1)
        return True

    def pick(self, found: tuple[int, str], rank: int) -> None:
        length, order = found
        self.eat(length)
        negated = self.taken_negation()
        target = self.described() if self.target is not None and not self.unnamed() else None
        if order in ("closest", "farthest"):
            while self.word() in ("to", "from", "away", "the", "towards", "of", "by", "one"):
                if self.word() == "the":
                    break
                self.eat()
            side = self.side_ahead()
            anchor = None if side else self.noun_phrase()
            if anchor is None:
                if not side:  # "farthest to the left" is simply leftmost
                    self.current().selectors.append((order, rank, [], negated))
                return
            if (
                self.target is None
                and self.words[self.i - 1] not in ("to",)
                and self.longest(lex.RELATION_PHRASES) is None
                and False
            ):
                return
            if self.roomlike(anchor) and anchor.plural and anchor.pronoun:
                self.current().selectors.append((order, rank, [], negated))
                return
            named = self.word() in ("to", "from") or (target is None and not self.any_preposition(length))
            if named and not anchor.pronoun and (target is None or self.same_thing(anchor)):
                # "the closest chair to the door": the noun is the target
                self.adopt(anchor, False)
                anchor = self.target
                assert anchor is not None
                if self.word() in ("to", "from", "by"):
                    self.eat()
                    inner = self.noun_phrase()
                    anchor.selectors.append((order, rank, [inner] if inner is not None else [], negated))
                    return
                anchor.selectors.append((order, rank, [], negated))
                return
            owner = target or self.current()
            owner.selectors.append((order, rank, [anchor], negated))
            if self.pending is not None:
                self.pending[0].relations.append((self.pending[1], [anchor], self.pending[2]))
                self.pending = None
            self.owner, self.head = owner, anchor
            self.more_anchors(order, anchor, negated)
            return
        owner = target or self.current()
        if self.word() == "than":
            self.eat()
            other = self.noun_phrase()
            if (
                other is not None
                and not other.pronoun
                and other.noun
                and canonical(other.noun) != canonical(owner.noun)
            ):
                pass
            owner.selectors.append((order, rank, [], negated))
            return
        if self.word() == "of":
            self.eat()
            group = self.noun_phrase()
            if group is not None and not self.roomlike(group) and not group.pronoun:
                owner = self.current()
                self.merge_group(group)
            owner.selectors.append((order, rank, [], negated))
            return
        if self.target is None:
            inner = self.noun_phrase()
            if inner is not None:
                self.target = self.subject = self.head = owner = inner
        owner.selectors.append((order, rank, [], negated))

    def side_ahead(self) -> bool:
        """Whether "to the left", "on the right" follows at once."""
        k = 0
        while self.word(k) in ("to", "on", "the", "at", "your"):
            k += 1
        return self.word(k) in ("left", "right") and self.word(k + 1) not in ("of",) and not self.noun_after(k + 1)

    def any_preposition(self, length: int) -> bool:
        return any(w in ("to", "from", "by") for w in self.words[max(0, self.i - length - 6) : self.i])

    def relation(self) -> bool:
        start = self.i
        if self.word() == "right" and self.word(1) in (
            "next",
            "beside",
            "by",
            "above",
            "below",
            "under",
            "in",
            "on",
            "across",
            "near",
            "behind",
            "against",
            "between",
            "up",
            "underneath",
            "at",
            "over",
            "inside",
            "outside",
            "before",
            "around",
        ):
            self.eat()
        if (
            self.word()
            in (
                "directly",
                "immediately",
                "just",
                "located",
                "situated",
                "positioned",
                "placed",
                "set",
                "found",
                "sitting",
                "standing",
                "that",
            )
            and self.longest(lex.RELATION_PHRASES, self.i + 1)
            and not self.longest(lex.RELATION_PHRASES)
        ):
            self.eat()
        found = self.longest(lex.RELATION_PHRASES)
        if found is None:
            return self.i > start
        length, predicate = found
        self.eat(length)
        if predicate == "each other":
            return True
        if predicate == "inside" and self.word() in ("line", "order"):
            return True
        self.add_relation(predicate, self.taken_negation())
        return True

    def add_relation(self, predicate: str, negated: bool) -> None:
        """Read the anchors of `predicate` and give the relation to the phrase that it describes."""
        owner = self.head or self.subject or self.current()
        if self.target is None:
            owner = self.current()
        while self.word() in ("directly", "immediately", "the", "very") and self.word() != "the":
            self.eat()
        anchor = self.noun_phrase()
        if anchor is None and self.word() == "and" and (self.longest(lex.RELATION_PHRASES, self.i + 1) or self.longest(lex.SELECTOR_PHRASES, self.i + 1)):
            self.pending = (owner, predicate, negated)  # "behind and closest to the stove"
            self.eat()
            return
        if anchor is not None and self.pending is not None:
            self.pending[0].relations.append((self.pending[1], [anchor], self.pending[2]))
            self.pending = None
        if anchor is None:
            if predicate in ("near", "with", "inside", "on", "against", "end", "part", "same side"):
                return
            if owner in self.others and self.target is not None:
                self.to_target(owner, predicate, negated)
            elif predicate in ("above", "below"):
                owner.selectors.append(("highest" if predicate == "above" else "lowest", 1, [], negated))
            elif predicate == "front":
                owner.selectors.append(("frontmost", 1, [], negated))
            elif predicate == "behind":
                owner.selectors.append(("backmost", 1, [], negated))
            elif predicate == "between":
                owner.selectors.append(("middle", 1, [], negated))
            return
        if anchor.noun in ("nothing", "anything", "something", "everything"):
            negated = negated != (anchor.noun == "nothing")
            anchor.noun = ""
            anchor.pronoun = False
        if anchor.pronoun and not anchor.noun:
            if anchor.attributes or anchor.selectors or anchor.number or anchor.mutual:
                anchor.noun = self.target.noun if self.target is not None else ""
            else:
                self.resolve_pronoun(predicate, negated, owner)
                return
        if predicate == "between":
            self.between(owner, anchor, negated)
            return
        if predicate == "inside" and anchor.group and not negated and (owner is self.target) and (not owner.noun or self.same_thing(anchor)):
            # "in the row of shoes, the second": the group is at choice
            owner.noun = owner.noun or anchor.noun
            owner.relations += anchor.relations
            self.owner = self.head = owner
            return
        if predicate in ("above", "below") and anchor.plural and owner is self.target and self.same_thing(anchor):
            owner.selectors.append(("highest" if predicate == "above" else "lowest", 1, [], negated))  # "above all other pillows"
            return
        if owner in self.others and self.same_thing(anchor):
            self.to_target(owner, predicate, negated)
            return
        if self.provisional and anchor.this and owner is self.target:
            # "there are plants next to this cabinet"
            self.others.append(owner)
            self.target = self.subject = self.head = anchor
            self.provisional = False
            self.to_target(owner, predicate, negated)
            return
        if predicate == "with" and canonical(anchor.noun) in lex.OWN_PARTS | {canonical(owner.noun)}:
            # "the chair with the blue back": a part of the thing itself; its looks are the thing's
            owner.attributes += [
                Attribute(a.kind, a.value, a.negated != negated) for a in anchor.attributes if a.kind == "color"
            ]
            self.owner = self.head = owner
            return
        owner.relations.append((predicate, [anchor], negated))
        self.owner, self.head = owner, anchor
        if canonical(anchor.noun) in lex.PLACES:
            self.head = owner
        if predicate in ("with", "contains", "supports", "near"):
            self.trailing(owner)
        self.more_anchors(predicate, anchor, negated)

    def same_thing(self, draft: _Draft) -> bool:
        return self.target is not None and bool(draft.noun) and canonical(draft.noun) == canonical(self.target.noun)

    def to_target(self, other: _Draft, predicate: str, negated: bool) -> None:
        """ "a lamp is on it": the target has the inverse relation to the other thing."""
        assert self.target is not None
        self.target.relations.append((lex.INVERSE.get(predicate, "near"), [other], negated))
        if other in self.others:
            self.others.remove(other)

    def resolve_pronoun(self, predicate: str, negated: bool, owner: _Draft) -> None:
        if owner in self.others and self.target is not None:
            self.to_target(owner, predicate, negated)
            return
        view = self.facing or self.standing
        if (
            view is not None
            and owner is self.target
            and predicate in ("left", "right", "front", "behind", "near", "above", "below", "on")
        ):
            owner.relations.append((predicate, [view], negated))
            return
        if self.target is not None and owner is not self.target:
            # "the table with a chair behind it" leaves the chair as head: turn it round
            self.target.relations.append((lex.INVERSE.get(predicate, "near"), [owner], negated))

    def trailing(self, owner: _Draft) -> None:
        """ "with a lamp on it", "has a box in front": the last relation's real predicate follows its anchor."""
        start = self.i
        while self.word() in (
            "sitting",
            "directly",
            "right",
            "placed",
            "standing",
            "hanging",
            "is",
            "are",
            "that",
            "resting",
            "laying",
            "lying",
            "stacked",
        ):
            self.eat()
        name = None
        having = owner.relations[-1][0] == "with"
        if having and self.word(2) in ("immediate", "direct", "far") and self.word(1) in ("its", "the") and self.word(3) in ("left", "right"):
            name = {"left": "right", "right": "left"}[self.word(3)]
            self.eat(4)
        elif (
            having
            and self.word() in ("to", "on")
            and self.word(1) in ("its", "the", "it")
            and self.word(2) in ("left", "right", "top")
        ) or (self.word() in ("to", "on") and self.word(1) == "it" and self.word(2) == "'s"):
            offset = 3 if self.word(2) == "'s" else 2
            side = self.word(offset)
            length = offset + 1 + (1 if self.word(offset + 1) in ("side", "hand") else 0)
            if (
                side in ("left", "right", "top")
                and self.word(length) not in ("of",)
                and (self.word(1) != "the" or side != "top" or self.word(length) in _MARKS or self.word(length) == "")
            ):
                name = {"left": "right", "right": "left", "top": "supports"}[side]
                self.eat(length)
        if name is None:
            found = self.longest(lex.RELATION_PHRASES)
            if found is not None:
                length, predicate = found
                following = self.word(length)
                possessive = self.word(length) in ("it", "them", "itself") and (self.word(length + 1) != "'s" or True)
                if possessive and predicate in lex.INVERSE:
                    name = lex.INVERSE[predicate]
                    self.eat(length + 1)
                    if self.word() == "'s":
                        self.eat(2)
                elif (following == "" or following in _MARKS or following in ("and",)) and predicate in (
                    "above",
                    "below",
                    "behind",
                    "inside",
                    "near",
                ):
                    name = lex.INVERSE[predicate]
                    self.eat(length)
            if (
                name is None
                and self.word() in ("on", "in", "underneath")
                and self.word(1) in {"top", "front", "back", ""} | _MARKS
            ):
                following = self.word(1)
                if self.word(2) not in ("of",):
                    name = {"top": "supports", "front": "behind", "back": "front"}.get(
                        following, "supports" if self.word() == "on" else "contains"
                    )
                    self.eat(2 if following in ("top", "front", "back") else 1)
                elif following == "top" and self.word(3) in ("it", "them"):
                    name = "supports"
                    self.eat(4)
        if name is None:
            self.i = start
            return
        predicate, anchors, negated = owner.relations[-1]
        owner.relations[-1] = (name, anchors, negated)
        self.head = owner

    def between(self, owner: _Draft, first: _Draft, negated: bool) -> None:
        anchors = [first]
        if self.word() in ("and", "&", "or") or (self.word() == "," and self.word(1) == "and"):
            save = self.i
            self.eat(2 if self.word() == "," else 1)
            second = self.noun_phrase()
            if second is not None and not (second.pronoun and not second.noun):
                anchors.append(second)
            elif second is not None and second.pronoun and second.plural is False and first.noun:
                second.noun = first.noun
                anchors.append(second)
            else:
                self.i = save
        if len(anchors) == 1:
            if self.roomlike(first):
                owner.selectors.append(("middle", 1, [], negated)) if canonical(
                    first.noun
                ) != "room" else owner.relations.append(("center", [], negated))
                return
            if first.plural or first.number:
                anchors.append(first)
            else:
                owner.relations.append(("center", [first], negated))
                return
        owner.relations.append(("between", anchors, negated))
        self.owner, self.head = owner, owner

    def more_anchors(self, predicate: str, first: _Draft, negated: bool) -> None:
        """ "near the bed and the lamp": each further noun is an anchor of the same relation."""
        owner = self.owner
        while owner is not None and self.word() in ("and", "or", ","):
            length = 2 if self.word() == "," and self.word(1) in ("and", "or") else 1
            if self.word() == "," and length == 1:
                return
            if self.word(length) not in lex.DETERMINERS or self.word(length) in ("that", "it"):
                if self.name_at(self.i + length) is None or self.word(length) in lex.SIDES:
                    return
            save = self.i
            self.eat(length)
            another = self.noun_phrase()
            if another is None or another.pronoun or self.same_thing(another) or self.word() in ("is", "are"):
                self.i = save
                return
            if predicate in ("closest", "farthest"):
                owner.selectors.append((predicate, 1, [another], negated))
            else:
                owner.relations.append((predicate, [another], negated))

    def attribute(self) -> bool:
        """A predicate adjective: "the chair is brown", "the one that is not red"."""
        word = self.word()
        if word not in lex.ADJECTIVES or (self.name_at(self.i) is not None and word not in ("glass",)):
            return False
        start = self.i
        if self.target is None or self.next_noun():
            return False
        kind, value = lex.ADJECTIVES[word]
        self.eat()
        owner = self.subject or self.current()
        owner.attributes.append(Attribute(kind, value, self.taken_negation()))
        return self.i > start

    def next_noun(self) -> bool:
        k = 1
        while self.word(k) in lex.ADJECTIVES:
            k += 1
        return self.name_at(self.i + k) is not None or self.word(k) in ("one", "ones", "and")

    def statement(self) -> bool:
        """A noun phrase without a waiting relation."""
        if self.word() in ("there", "here") and self.word(1) in ("is", "are", "was", "'s"):
            self.eat(2)
            self.existential = True
            return True
        start = self.i
        draft = self.noun_phrase()
        if draft is None:
            return False
        negated = self.taken_negation()
        if self.target is None or (
            self.unnamed() and not (self.existential or draft.pronoun or negated or self.others)
        ):
            self.adopt(draft, negated)
        elif draft.pronoun and not draft.noun:
            self.join(draft, negated)
        elif canonical(draft.noun) == canonical(self.target.noun):
            if negated:
                self.exclude(draft)
            else:
                self.target.number = self.target.number or draft.number
                self.join(draft, False)
                if self.subject is not self.target:
                    self.subject = self.head = self.target
        elif negated:
            self.target.excluded.append(draft.noun)
        elif self.existential or self.clause_start(start) or self.word() in ("is", "are", "sits", "to", "on"):
            self.others.append(draft)
            self.subject = self.head = draft
        elif self.provisional:
            self.others.append(self.target)
            self.target = self.subject = self.head = draft
            self.provisional = False
        else:
            self.others.append(draft)
            self.subject = self.head = draft
        self.existential = False
        return True

    def adopt(self, draft: _Draft, negated: bool) -> None:
        if negated:
            self.current().excluded.append(draft.noun)
            return
        old = self.target
        if old is not None:
            draft.attributes += old.attributes
            draft.relations += old.relations
            draft.selectors += old.selectors
            draft.measures += old.measures
        self.target = self.subject = self.head = draft
        if self.existential:
            self.provisional = True

    def join(self, draft: _Draft, negated: bool) -> None:
        assert self.target is not None
        if negated:
            self.exclude(draft)
            return
        self.target.attributes += draft.attributes
        self.target.selectors += draft.selectors
        self.target.relations += draft.relations
        self.target.measures += draft.measures
        if draft.number is not None:
            self.target.number = draft.number
        self.subject = self.head = self.target

    def exclude(self, draft: _Draft) -> None:
        """ "not the brown one": what was said of it must not hold."""
        assert self.target is not None
        self.target.attributes += [Attribute(a.kind, a.value, not a.negated) for a in draft.attributes]
        self.target.selectors += [(o, r, a, not n) for o, r, a, n in draft.selectors]
        self.target.relations += [(p, a, not n) for p, a, n in draft.relations]
        if not (draft.attributes or draft.selectors or draft.relations):
            # "not the one next to the door": the relation that follows is negated
            self.negated = True
        self.head = self.subject = self.target

    def link_others(self) -> None:
        """A thing that was mentioned without a relation to the target is at least expected near it."""
        if self.target is None:
            return
        for other in self.others:
            for predicate, anchors, negated in list(other.relations):
                if anchors and self.same_thing(anchors[0]):
                    other.relations.remove((predicate, anchors, negated))
                    self.target.relations.append((lex.INVERSE.get(predicate, "near"), [other], negated))
                    break
            else:
                if other.noun and not self.same_thing(other):
                    self.target.relations.append(("near", [other], False))

    # -- noun phrases ------------------------------------------------------------------------------------------

    def noun_phrase(self, ranked: bool = False) -> _Draft | None:
        start = self.i
        draft = _Draft()
        determined = False
        name: list[str] = []
        guard = 0
        if (self.word(), self.word(1)) in (("each", "other"), ("one", "another")):
            self.eat(2)
            return _Draft(pronoun=True, mutual=True)
        while self.i < self.n and guard < 14:
            guard += 1
            word = self.word()
            if word in _MARKS:
                if word == "," and draft.attributes and not name and self.word(1) in lex.ADJECTIVES:
                    self.eat()  # "small, brown chair"
                    continue
                break
            if name and not self.continues(word):
                break
            if not name:
                if word == "not" or word == "no":
                    break
                if (word in ("one", "ones") and (determined or draft.attributes or draft.selectors)) or (
                    word in lex.PRONOUNS and word not in ("this", "that", "these", "those", "one")
                ):
                    self.eat()
                    if word == "one" and self.word() == "of":
                        self.eat()
                        determined = True
                        continue
                    draft.pronoun = True
                    draft.plural = word in ("them", "ones", "they", "these", "those")
                    if self.word() == "'s":
                        self.eat()
                    return draft
                if word in ("this", "that", "these", "those") and (
                    self.word(1) in ("is", "are", "has", "can", "was") or self.word(1) in lex.RELATION_WORDS
                ):
                    self.eat()
                    draft.pronoun = True
                    return draft
                number = lex.NUMBERS.get(word) or (int(word) if word.isdigit() and len(word) < 3 else None)
                if number is not None and (word not in ("one", "single") or True):
                    if word == "one" and self.word(1) in ("of",):
                        self.eat(2)
                        continue
                    if word not in ("one", "single"):
                        draft.number = number
                        draft.plural = True
                    determined = True
                    self.eat()
                    if self.word() == "of":
                        self.eat()
                    continue
                if word in lex.DETERMINERS or word in ("'s",):
                    determined = True
                    draft.this = draft.this or word == "this"
                    self.eat()
                    if word in ("all", "both", "these", "those", "some", "any", "each"):
                        draft.plural = draft.plural or word != "each"
                    if self.word() == "of" and word in ("all", "both", "some", "any", "each"):
                        self.eat()
                    continue
                found = self.name_at(self.i)
                if found is not None and found[0] > 1:
                    self.take_name(found, name, draft)
                    continue
                selector = self.longest(lex.SELECTOR_PHRASES)
                if selector is not None and selector[1] not in ("closest", "farthest") and self.noun_after(selector[0]):
                    draft.selectors.append((selector[1], 1, [], False))
                    self.eat(selector[0])
                    continue
                if (
                    word in lex.SIDES
                    and (
                        found is None or word in ("top", "bottom", "front", "back", "left", "right", "middle", "center")
                    )
                    and self.noun_after(1)
                ):
                    if self.word(1) in lex.SIDES and lex.SIDES[word] == "middle":
                        pass
                    draft.selectors.append((lex.SIDES[word], 1, [], False))
                    self.eat(2 if self.word(1) in ("hand", "side", "most") else 1)
                    continue
                if (
                    word in lex.ORDINALS
                    and self.noun_after(1)
                    and not ranked
                    and determined
                    and self.target is not None
                ):
                    draft.selectors.append(("first", lex.ORDINALS[word], [], False))
                    self.eat()
                    continue
                if word == "light" and self.word(1) in lex.ADJECTIVES and lex.ADJECTIVES[self.word(1)][0] == "color":
                    self.eat()
                    determined = True
                    continue
                if self.word(1) in ("shaped", "sized", "looking", "colored") and self.unknown(word) and found is None:
                    self.eat(2)
                    determined = True
                    continue
                if word in lex.ADJECTIVES and (found is None or self.noun_after(1)):
                    kind, value = lex.ADJECTIVES[word]
                    draft.attributes.append(Attribute(kind, value))
                    self.eat()
                    determined = True
                    while self.word() in ("colored", "coloured", "shaped", "sized", "color", "shape", "size"):
                        self.eat()
                    if self.word() == "and" and self.word(1) in lex.ADJECTIVES:
                        self.eat()
                    continue
                if found is not None:
                    self.take_name(found, name, draft)
                    continue
                if word in lex.INTENSIFIERS and (
                    self.word(1) in lex.ADJECTIVES or self.longest(lex.SELECTOR_PHRASES, self.i + 1)
                ):
                    self.eat()
                    continue
                if self.unknown(word) and (determined or draft.attributes or self.name_at(self.i + 1)):
                    if self.name_at(self.i + 1) is None and not self.unknown(self.word(1)):
                        name.append(singular(word))
                        draft.plural = draft.plural or singular(word) != word
                    elif self.name_at(self.i + 1) is None:
                        self.i += 1
                        continue
                    else:
                        self.i += 1
                        continue
                    self.known[self.i] = False
                    self.i += 1
                    continue
                break
            found = self.name_at(self.i)
            if found is not None:
                self.take_name(found, name, draft)
                continue
            break
        if not name:
            if draft.attributes or draft.selectors or (draft.number and determined):
                # "the brown", "the larger": an elliptic "one"
                draft.pronoun = True
                return draft
            for k in range(start, self.i):
                self.known[k] = self.words[k] in lex.KNOWN_WORDS
            self.i = start
            return None
        draft.noun = " ".join(name)
        if draft.noun in _PARTS_OF and self.word() in ("of", "'s"):
            # "foot of the bed": near the bed is what a box can tell; "middle of the room", "corner of the room" stay
            save = self.i
            self.eat()
            inner = self.noun_phrase()
            if inner is not None and inner.noun:
                if not self.roomlike(inner) and draft.noun not in ("corner", "middle", "center"):
                    return inner
                return draft
            self.i = save
        if draft.noun in _GROUPS and self.word() == "of":
            # "stack of boxes", "pair of shoes", "side of the desk": the thing is what is stacked
            save = self.i
            self.eat()
            inner = self.noun_phrase()
            if inner is not None and inner.noun:
                inner.attributes += draft.attributes
                inner.selectors += draft.selectors
                inner.group = True
                return inner
            self.i = save
        return draft

    def continues(self, word: str) -> bool:
        """Whether `word` may extend the name that was begun: "kitchen cabinet door"."""
        if word in (
            "left",
            "right",
            "back",
            "front",
            "top",
            "bottom",
            "center",
            "middle",
            "side",
            "end",
            "head",
            "foot",
            "face",
            "iron",
            "light",
            "exit",
            "board",
            "stand",
            "open",
            "corner",
            "area",
        ):
            return word in ("stand", "board", "light") and self.name_at(self.i) is not None
        return (
            self.name_at(self.i) is not None
            and word not in lex.FUNCTION_WORDS
            and word not in lex.DETERMINERS
            and word not in lex.PRONOUNS
            and (word not in lex.VERBS)
        )

    def take_name(self, found: tuple[int, str], name: list[str], draft: _Draft) -> None:
        length, joined = found
        last = self.words[self.i + length - 1]
        draft.plural = draft.plural or (
            singular(last) != last and canonical(joined) not in ("clothes", "stairs", "blinds")
        )
        name.append(joined)
        self.eat(length)
        if self.word() == "'s" and self.name_at(self.i + 1) is not None:
            self.eat()

    def noun_after(self, offset: int) -> bool:
        """Whether a noun follows after adjectives and side words."""
        k = offset
        while (
            self.word(k) in lex.ADJECTIVES
            or self.word(k) in lex.SIDES
            or self.word(k) in ("hand", "most", "and", "colored", "side")
            or self.word(k) in lex.ORDINALS
            or (k > offset and self.word(k) in lex.NUMBERS and self.word(k) != "one")
            or (self.word(k) in lex.NUMBERS and self.word(k) not in ("one",))
        ):
            if self.name_at(self.i + k) is not None and self.word(k) not in lex.SIDES:
                return True
            k += 1
            if k > offset + 6:
                return False
        if self.word(k) in ("one", "ones"):
            return True
        return self.name_at(self.i + k) is not None or (
            self.unknown(self.word(k)) and self.name_at(self.i + k + 1) is not None
        )

    def unknown(self, word: str) -> bool:
        return bool(word) and word not in _MARKS and word not in lex.KNOWN_WORDS and not word[0].isdigit()


_GROUPS = frozenset(
    [
        "group",
        "row",
        "stack",
        "pile",
        "set",
        "pair",
        "unit",
        "section",
        "piece",
        "bunch",
        "collection",
        "roll",
        "side",
        "top",
        "front",
        "end",
        "edge",
        "level",
        "part",
    ]
)
_PARTS_OF = frozenset(
    "foot head end edge side middle center centre corner arm leg back rear headboard side far".split()
)
_UNITS = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0, "cm": 0.01, "centimeter": 0.01,
    "centimeters": 0.01, "centimetre": 0.01, "centimetres": 0.01, "mm": 0.001, "foot": 0.3048, "feet": 0.3048,
    "ft": 0.3048, "inch": 0.0254, "inches": 0.0254,
}  # fmt: skip
_DIMENSIONS = {
    "wide": "width", "width": "width", "tall": "height", "high": "height", "height": "height", "long": "length",
    "length": "length", "deep": "depth", "depth": "depth", "size": "size", "big": "size", "large": "size",
}  # fmt: skip
_COMPARED = {
    "wider": ("width", ">"), "narrower": ("width", "<"), "taller": ("height", ">"), "higher": ("height", ">"),
    "shorter": ("height", "<"), "lower": ("height", "<"), "longer": ("length", ">"), "deeper": ("depth", ">"),
    "larger": ("size", ">"), "bigger": ("size", ">"), "smaller": ("size", "<"),
}  # fmt: skip


def _number(word: str) -> float | None:
    if not word or not word[0].isdigit():
        return float(lex.NUMBERS[word]) if word in lex.NUMBERS and word != "pair" else None
    try:
        return float(word)
    except ValueError:
        return None
