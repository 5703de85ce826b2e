"""The state of reading a text: where the reader is, and what has been understood so far."""

from __future__ import annotations

from collections.abc import Collection

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import Cursor, Named
from core3d_search.query.draft import Draft
from core3d_search.query.meaning import Aim, Attribute


class Reading(Cursor):
    """The words, the position in them, and the things that were mentioned.

    `target` is what is searched for; `subject` what the sentence is about; `head` the last noun, to which a relation
    belongs inside a clause; `owner` what the last relation described; `others` the things that were mentioned and
    are not yet related to the target; `standing`, `facing` and what is `seen` left, right and behind the viewpoint.
    `negated`: a negation waits for what it negates; `existential`: "there is" was read; `provisional`: the target was
    only said to be there and may change; `shared`: a relation that waits for the anchor of the next one.
    """

    def __init__(self, words: list[str], names: Collection[str], named: Named | None = None) -> None:
        super().__init__(words, names, named)
        self.aim: Aim = "find"
        self.per_scene = False
        self.target: Draft | None = None
        self.subject: Draft | None = None
        self.head: Draft | None = None
        self.owner: Draft | None = None
        self.others: list[Draft] = []
        self.standing: Draft | None = None
        self.facing: Draft | None = None
        self.seen: dict[str, Draft] = {}
        self.negated = False
        self.existential = False
        self.provisional = False
        self.shared: tuple[Draft, str, bool] | None = None

    def current(self) -> Draft:
        """Return the target; an unnamed one if nothing was named yet."""
        if self.target is None:
            draft = Draft(pronoun=True, implied=True)
            self.focus(draft)
            return draft
        return self.target

    def focus(self, draft: Draft) -> None:
        """Make `draft` the target that is being described."""
        self.target = self.subject = self.head = draft

    def refocus(self, draft: Draft) -> None:
        """Make `draft` what is asked for, in place of the target, which is now expected near it."""
        if self.target is None or not self.target.noun:
            self.adopt(draft)
            return
        if draft in self.others:
            self.others.remove(draft)
        if not self.target.partial:
            self.others.append(self.target)
        self.focus(draft)
        self.provisional = False

    def described(self) -> Draft:
        """Return the draft that an order after the noun belongs to."""
        return self.subject if self.subject is not None and self.subject is not self.target else self.current()

    def taken_negation(self) -> bool:
        """Return whether a negation waits, and use it up."""
        negated, self.negated = self.negated, False
        return negated

    def adopt(self, draft: Draft, negated: bool = False) -> None:
        """Make the first thing that is named the target, with all that was said of "it" before."""
        if negated:
            self.current().excluded.append(draft.noun)
            return
        if self.target is not None:
            draft.absorb(self.target)
            draft.excluded += self.target.excluded
        self.focus(draft)
        self.provisional = self.provisional or self.existential

    def join(self, draft: Draft, negated: bool) -> None:
        """Add what is said of "it" or of the same thing to the target."""
        target = self.current()
        if negated:
            self.exclude(draft)
            return
        target.absorb(draft)
        target.number = draft.number if draft.number is not None else target.number
        self.focus(target)

    def exclude(self, draft: Draft) -> None:
        """ "not the brown one": what was said of it must not hold, unless it was said of the target as well."""
        target = self.current()
        draft.attributes = [a for a in draft.attributes if a not in target.attributes]
        target.attributes += [Attribute(a.kind, a.value, not a.negated) for a in draft.attributes]
        target.selectors += [(order, rank, anchors, not no) for order, rank, anchors, no in draft.selectors]
        target.relations += [(name, anchors, not no) for name, anchors, no in draft.relations]
        self.negated = not (draft.attributes or draft.selectors or draft.relations)  # "not the one next to ..."
        self.focus(target)

    def turn_to_target(self, other: Draft, predicate: str, negated: bool) -> None:
        """ "a lamp is on it": the target has the inverse relation to the other thing."""
        self.current().relate(lex.INVERSE.get(predicate, "near"), [other], negated)
        if other in self.others:
            self.others.remove(other)
