"""Reads what is said of things: relations with their anchors, and which thing a sentence is about."""

from __future__ import annotations

from collections.abc import Collection

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS, STOPS
from core3d_search.query.draft import Draft
from core3d_search.query.meaning import Attribute
from core3d_search.query.noun_phrases import NounPhrases


class Clauses(NounPhrases):
    """The state of reading and the steps for marks, relations and statements.

    `target` is what is searched for; `subject` what the sentence is about; `head` the last noun, to which a relation
    belongs inside a clause; `owner` what the last relation described; `others` the things that were mentioned and
    are not yet related to the target.
    """

    def __init__(self, text: str, names: Collection[str]) -> None:
        super().__init__(text, names)
        self.target: Draft | None = None
        self.subject: Draft | None = None
        self.head: Draft | None = None
        self.owner: Draft | None = None
        self.others: list[Draft] = []
        self.standing: Draft | None = None
        self.facing: Draft | None = None
        self.negated = False
        self.existential = False
        self.provisional = False
        self.shared: tuple[Draft, str, bool] | None = None

    # -- state ---------------------------------------------------------------------------------------------------

    def current(self) -> Draft:
        """Return the target; an unnamed one if nothing was named yet."""
        if self.target is None:
            self.focus(Draft(pronoun=True))
        assert self.target is not None
        return self.target

    def focus(self, draft: Draft) -> None:
        """Make `draft` the target that is being described."""
        self.target = self.subject = self.head = draft

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
        self.focus(draft)
        self.provisional = self.provisional or self.existential

    def join(self, draft: Draft, negated: bool) -> None:
        """Add what is said of "it" or of the same thing to the target."""
        target = self.current()
        if negated:
            self._exclude(draft)
            return
        target.absorb(draft)
        target.number = draft.number if draft.number is not None else target.number
        self.focus(target)

    def _exclude(self, draft: Draft) -> None:
        """ "not the brown one": what was said of it must not hold."""
        target = self.current()
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

    # -- steps: each returns whether it consumed something -----------------------------------------------------------

    def mark(self) -> bool:
        """A comma returns to the subject, a full stop to the target."""
        if self.word() not in MARKS:
            return False
        if self.word() in STOPS:
            self.subject, self.owner, self.existential = self.target, None, False
        self.head = self.subject
        self.negated = False
        self.eat()
        return True

    def imperative(self) -> bool:
        """ "There are two beds. Choose the pillow ...": that is the target, what went before stands around it."""
        start = self.i
        looking = self.word() == "look" and self.word(1) in ("at", "for")
        before = self.words[start - 1] if start else ""
        if not (looking or self.word() in lex.IMPERATIVES) or before in ("to", "not", "that"):
            return False
        self.eat(2 if looking else 1)
        if self.target is None or not self.target.noun:
            return True
        self.eat_any(("for", "out"))
        resume = self.i
        draft = self.noun_phrase()
        if draft is None:
            return True
        if draft.pronoun or draft.continues(self.target):
            self.join(draft, self.taken_negation())
        elif self.at_clause_start(start) or before in ("and", "please", "then", "so", "you", "i", "we"):
            self.others.append(self.target)
            self.focus(draft)
        else:
            self.back(resume)
        return True

    def conjunction(self) -> bool:
        """After "and" a relation describes what the one before it described; "that is" says nothing itself."""
        word, after = self.word(), self.word(1)
        if word in ("and", "but", "or"):
            self.eat()
            self.head = self.subject if after == "not" else self.owner or self.subject
            return True
        if word in ("that", "which", "who", "whose", "where") and (after in lex.VERBS or after in ("you", "it")):
            self.eat()
            return True
        return False

    def negation(self) -> bool:
        """ "not", "no", "without", "other than", "instead of"."""
        word = self.word()
        if (word, self.word(1)) in (("other", "than"), ("rather", "than"), ("instead", "of")):
            self.eat(2)
        elif word in lex.NEGATIONS:
            self.eat()
            if word == "without" or (word == "no" and self.head is not None):
                self.add_relation("with", negated=True)
                return True
        else:
            return False
        self.negated = True
        return True

    def relation(self) -> bool:
        """A relation word, then its anchors."""
        start = self.i
        if self.word() == "right" and self.relation_ahead(1):
            self.eat()  # "right next to"
        if self.word() in lex.BEFORE_RELATIONS and self.relation_ahead(1) and not self.relation_ahead():
            self.eat()
        found = self.relation_ahead()
        if found is None:
            return self.i > start
        self.eat(found[0])
        if found[1] != "each other" and not (found[1] == "inside" and self.word() in ("line", "order")):
            self.add_relation(found[1], self.taken_negation())
        return True

    def attribute(self) -> bool:
        """A predicate adjective: "the chair is brown", "the one that is not red"."""
        word = self.word()
        if word not in lex.ADJECTIVES or self.target is None or (self.name_ahead() and word != "glass"):
            return False
        k = 1
        while self.word(k) in lex.ADJECTIVES:
            k += 1
        if self.name_ahead(k) is not None or self.word(k) in ("one", "ones", "and"):
            return False
        self.eat()
        owner = self.subject or self.target
        owner.attributes.append(Attribute(*lex.ADJECTIVES[word], self.taken_negation()))
        return True

    def statement(self) -> bool:
        """A noun phrase without a waiting relation: the target, the target again, or another thing."""
        if self.word() in ("there", "here") and self.word(1) in ("is", "are", "was", "'s"):
            self.eat(2)
            self.existential = True
            return True
        draft = self.noun_phrase()
        if draft is None:
            return False
        negated = self.taken_negation()
        target = self.target
        unnamed = target is not None and self.subject is target and target.vague
        if target is None or (unnamed and not (self.existential or draft.pronoun or negated or self.others)):
            self.adopt(draft, negated)
        elif (draft.pronoun and not draft.noun) or draft.continues(target):
            self.join(draft, negated)
        elif negated:
            target.excluded.append(draft.noun)
        else:
            self.others.append(draft)
            self.subject = self.head = draft
        self.existential = False
        return True

    # -- relations ---------------------------------------------------------------------------------------------------

    def add_relation(self, predicate: str, negated: bool) -> None:
        """Read the anchors of `predicate` and give the relation to what it describes."""
        owner = (self.head or self.subject or self.current()) if self.target is not None else self.current()
        self.eat_any(("directly", "immediately", "very"))
        anchor = self.noun_phrase()
        if anchor is None:
            if self.word() == "and" and (self.relation_ahead(1) or self.order_ahead(1)):
                self.eat()
                self.shared = (owner, predicate, negated)  # "behind and closest to the stove"
            else:
                self._without_anchor(owner, predicate, negated)
            return
        self.share(anchor)
        if anchor.noun in ("nothing", "anything", "something", "everything"):
            negated = negated != (anchor.noun == "nothing")
            anchor.noun = ""
        elif anchor.pronoun and not anchor.noun:
            if not (anchor.attributes or anchor.selectors or anchor.number or anchor.mutual):
                self.relate_to_it(owner, predicate, negated)
                return
            anchor.noun = self.target.noun if self.target is not None else ""
        if not self.is_special(owner, predicate, anchor, negated):
            owner.relate(predicate, [anchor], negated)
            self.owner = owner
            self.head = owner if anchor.name in lex.PLACES else anchor
            if predicate in ("with", "contains", "supports", "near"):
                self.carried(owner)
            self.more_anchors(predicate, negated)

    def share(self, anchor: Draft) -> None:
        """Give an anchor to the relation that was said before it without one."""
        if self.shared is not None:
            owner, predicate, negated = self.shared
            owner.relate(predicate, [anchor], negated)
            self.shared = None

    def _without_anchor(self, owner: Draft, predicate: str, negated: bool) -> None:
        """ "the one above": a relation to nothing is an order, or relates another thing to the target."""
        order = lex.ORDER_OF_RELATION.get(predicate)
        if order is None:
            return
        if owner in self.others:
            self.turn_to_target(owner, predicate, negated)
        else:
            owner.pick(order, negated=negated)

    def is_special(self, owner: Draft, predicate: str, anchor: Draft, negated: bool) -> bool:
        """Handle relations that say something else than owner - predicate - anchor; return whether it was one."""
        same = anchor.is_same_thing_as(self.target)
        about_target = owner is self.target
        if predicate == "between":
            self._between(owner, anchor, negated)
        elif predicate == "inside" and anchor.group and not negated and about_target and (same or not owner.noun):
            owner.noun = owner.noun or anchor.noun  # "in the row of shoes, the second": the group is at choice
            owner.relations += anchor.relations
            self.owner = self.head = owner
        elif predicate in ("above", "below") and anchor.plural and about_target and same:
            owner.pick(lex.ORDER_OF_RELATION[predicate], negated=negated)  # "above all other pillows"
        elif owner in self.others and same:
            self.turn_to_target(owner, predicate, negated)
        elif self.provisional and anchor.this and about_target:
            self.focus(anchor)  # "there are plants next to this cabinet"
            self.provisional = False
            self.turn_to_target(owner, predicate, negated)
        elif predicate == "with" and (anchor.name in lex.OWN_PARTS or anchor.is_same_thing_as(owner)):
            # "the chair with the blue back": a part of the thing; its colour is the thing's
            looks = [a for a in anchor.attributes if a.kind == "color"]
            owner.attributes += [Attribute(a.kind, a.value, a.negated != negated) for a in looks]
            self.owner = self.head = owner
        else:
            return False
        return True

    def relate_to_it(self, owner: Draft, predicate: str, negated: bool) -> None:
        """Resolve "it" as an anchor: what the speaker faces, or the target for another thing."""
        view = self.facing or self.standing
        if owner in self.others:
            self.turn_to_target(owner, predicate, negated)
        elif owner is self.target and view is not None and predicate in lex.SEEN_RELATIONS:
            owner.relate(predicate, [view], negated)
        elif self.target is not None and owner is not self.target:
            self.turn_to_target(owner, predicate, negated)

    def carried(self, owner: Draft) -> None:
        """ "with a lamp on it", "has a box in front": the predicate of the last relation follows its anchor."""
        start = self.i
        self.eat_any(lex.CARRIED_VERBS)
        name = self._side_of_it() if owner.relations[-1][0] == "with" else ""
        name = name or self._relation_to_it()
        if not name:
            self.back(start)
            return
        _, anchors, negated = owner.relations[-1]
        owner.relations[-1] = (name, anchors, negated)
        self.head = owner

    def _side_of_it(self) -> str:
        """ "to its left", "on its immediate right", "on its top": what the owner is to the thing there."""
        if self.word() not in ("to", "on") or self.word(1) not in ("its", "the", "it"):
            return ""
        length = 3 if self.word(2) == "'s" else 2
        length += self.word(length) in ("immediate", "direct", "far")
        side = self.word(length)
        name = {"left": "right", "right": "left", "top": "supports"}.get(side, "")
        length += 1 + (self.word(length + 1) in ("side", "hand"))
        if (
            not name
            or self.word(length) == "of"
            or (self.word(1) == "the" and side == "top" and not self.at_clause_end(length))
        ):
            return ""
        self.eat(length)
        return name

    def _relation_to_it(self) -> str:
        """ "on it", "in front of it", "underneath", "on top": the inverse of what follows."""
        found = self.relation_ahead()
        if found is not None and found[1] in lex.INVERSE:
            length, predicate = found
            if self.word(length) in ("it", "them", "itself"):
                self.eat(length + 1)
                if self.word() == "'s":
                    self.eat(2)
                return lex.INVERSE[predicate]
            ends = self.at_clause_end(length) or self.word(length) == "and"
            if ends and predicate in ("above", "below", "behind", "inside", "near"):
                self.eat(length)
                return lex.INVERSE[predicate]
        if self.word() not in ("on", "in"):
            return ""
        part = self.word(1)
        if part in ("top", "front", "back") and self.word(2) != "of":
            self.eat(2)
            return {"top": "supports", "front": "behind", "back": "front"}[part]
        if self.at_clause_end(1):
            name = "supports" if self.word() == "on" else "contains"
            self.eat()
            return name
        return ""

    def _between(self, owner: Draft, first: Draft, negated: bool) -> None:
        anchors = [first]
        start = self.i
        if self.word() in ("and", "or") or (self.word(), self.word(1)) == (",", "and"):
            self.eat(2 if self.word() == "," else 1)
            second = self.noun_phrase()
            if second is not None and second.pronoun and not second.plural:
                second.noun = second.noun or first.noun
            if second is None or not second.noun:
                self.back(start)
            else:
                anchors.append(second)
        if len(anchors) == 1:
            if first.is_group_word and first.name != "room":
                owner.pick("middle", negated=negated)
                return
            if first.name == "room" or not (first.plural or first.number):
                owner.relate("center", [] if first.name == "room" else [first], negated)
                return
            anchors = [first, first]
        owner.relate("between", anchors, negated)
        self.owner = self.head = owner

    def more_anchors(self, predicate: str, negated: bool) -> None:
        """ "near the bed and the lamp": each further noun is an anchor of the same relation."""
        while self.owner is not None and self.word() in ("and", "or", ","):
            length = 2 if self.word() == "," and self.word(1) in ("and", "or") else 1
            after = self.word(length)
            named = self.name_ahead(length) is not None and after not in lex.SIDES
            if (self.word() == "," and length == 1) or after == "that" or not (named or after in lex.DETERMINERS):
                return
            start = self.i
            self.eat(length)
            another = self.noun_phrase()
            if (
                another is None
                or another.pronoun
                or another.is_same_thing_as(self.target)
                or self.word() in ("is", "are")
            ):
                self.back(start)
                return
            if predicate in ("closest", "farthest"):
                self.owner.pick(predicate, 1, [another], negated)
            else:
                self.owner.relate(predicate, [another], negated)
