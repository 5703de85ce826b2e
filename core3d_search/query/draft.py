"""A phrase while it is being read: the mutable counterpart of `Phrase`."""

from __future__ import annotations

from dataclasses import dataclass, field

from core3d_search.query import lexicon as lex
from core3d_search.query.meaning import Attribute, Measure, Phrase, Relation, Selector
from core3d_search.query.nouns import GENERIC, canonical

_DEEPEST = 12


@dataclass(eq=False)
class Draft:
    """What is known so far of one object or group; `frozen` turns it into a `Phrase`.

    `pronoun` marks "it" and "the one", `plural` more than one thing, `group` "the row of ...", `this` a demonstrative
    and `mutual` "each other". `implied`: nothing was named yet, a relation only came first ("under the desk is ...").
    `partial`: "two of the three chairs": what is said of some is not said of the one that is asked for.
    """

    noun: str = ""
    attributes: list[Attribute] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    relations: list[tuple[str, list[Draft], bool]] = field(default_factory=list)
    selectors: list[tuple[str, int, list[Draft], bool]] = field(default_factory=list)
    number: int | None = None
    excluded: list[str] = field(default_factory=list)
    pronoun: bool = False
    plural: bool = False
    group: bool = False
    this: bool = False
    mutual: bool = False
    implied: bool = False
    partial: bool = False

    @property
    def name(self) -> str:
        """The usual name of the thing."""
        return canonical(self.noun)

    @property
    def vague(self) -> bool:
        """Whether it was only called "it" or "the object"."""
        return not self.noun or self.name in GENERIC

    @property
    def described(self) -> bool:
        """Whether anything but the noun was said of it."""
        return bool(self.relations or self.selectors or self.attributes or self.measures)

    @property
    def is_group_word(self) -> bool:
        """Whether it names the room or a group of whatever is at choice rather than a thing."""
        return self.name in lex.GROUP_WORDS or (self.pronoun and self.plural)

    def is_same_thing_as(self, other: Draft | None) -> bool:
        """Whether both have nouns that name one thing."""
        return other is not None and bool(self.noun) and self.name == other.name

    def continues(self, other: Draft | None) -> bool:
        """Whether it takes up `other` again: the same name, or its last words ("the soap dispenser. The dispenser")."""
        if other is None or not self.noun or not other.noun:
            return False
        short, long = sorted((self.name, other.name), key=len)
        return long == short or long.endswith(" " + short)

    def relate(self, predicate: str, anchors: list[Draft], negated: bool = False) -> None:
        """Add a relation."""
        self.relations.append((predicate, anchors, negated))

    def pick(self, order: str, rank: int = 1, anchors: list[Draft] | None = None, negated: bool = False) -> None:
        """Add an order."""
        self.selectors.append((order, rank, anchors or [], negated))

    def absorb(self, other: Draft) -> None:
        """Take over everything that was said of `other`."""
        self.attributes += other.attributes
        self.measures += other.measures
        self.relations += other.relations
        self.selectors += other.selectors

    def frozen(self, depth: int = 0) -> Phrase:
        """Return the phrase; what is nested deeper than people nest is left out."""
        self._settle()
        inner = depth < _DEEPEST
        relations = [
            Relation(name, tuple(a.frozen(depth + 1) for a in anchors), negated)
            for name, anchors, negated in (self.relations if inner else ())
        ]
        selectors = [
            Selector(order, rank, tuple(a.frozen(depth + 1) for a in anchors), negated)
            for order, rank, anchors, negated in (self.selectors if inner else ())
        ]
        return Phrase(
            self.noun,
            tuple(dict.fromkeys(self.attributes)),
            tuple(self.measures),
            tuple(dict.fromkeys(relations)),
            tuple(dict.fromkeys(selectors)),
            self.number,
            tuple(self.excluded),
        )

    def _settle(self) -> None:
        """Join a bare ordinal with the side that was named after it: "the second one, counting from the left"."""
        for bare in [s for s in self.selectors if s[0] == "first"]:
            self.selectors.remove(bare)
            side = next((k for k, s in enumerate(self.selectors) if s[0] in lex.COUNTED_FROM and s[1] == 1), None)
            if side is None:
                self.selectors.append(("leftmost", *bare[1:]))
            else:
                order, _, anchors, negated = self.selectors[side]
                self.selectors[side] = (order, bare[1], anchors, negated)
