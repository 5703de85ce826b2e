"""Reads relations and their anchors: "on the table", "between the bed and the lamp", "with a lamp on it"."""

from __future__ import annotations

from core3d_search.query import lexicon as lex
from core3d_search.query.draft import Draft
from core3d_search.query.meaning import Attribute
from core3d_search.query.noun_phrases import noun_phrase
from core3d_search.query.parts import PART_WORDS
from core3d_search.query.reading import Reading


def relation(r: Reading) -> bool:
    """A relation word, then its anchors."""
    start = r.i
    if r.word() == "right" and r.relation_ahead(1):
        r.eat()  # "right next to"
    if r.word() in lex.BEFORE_RELATIONS and r.relation_ahead(1) and not r.relation_ahead():
        r.eat()
    found = r.relation_ahead()
    if found is None:
        return r.i > start
    r.eat(found[0])
    if found[1] != "each other" and not (found[1] == "inside" and r.word() in ("line", "order")):
        add_relation(r, found[1], r.taken_negation())
    return True


def add_relation(r: Reading, predicate: str, negated: bool) -> None:
    """Read the anchors of `predicate` and give the relation to what it describes."""
    owner = (r.head or r.subject or r.current()) if r.target is not None else r.current()
    r.eat_any(("directly", "immediately", "very"))
    anchor = noun_phrase(r)
    if anchor is None:
        if r.word() == "and" and (r.relation_ahead(1) or r.order_ahead(1)):
            r.eat()
            r.shared = (owner, predicate, negated)  # "behind and closest to the stove"
        else:
            _without_anchor(r, owner, predicate, negated)
        return
    share(r, anchor)
    if anchor.noun in ("nothing", "anything", "something", "everything"):
        negated = negated != (anchor.noun == "nothing")
        anchor.noun = ""
    elif anchor.pronoun and not anchor.noun:
        if not (anchor.attributes or anchor.selectors or anchor.number or anchor.mutual):
            relate_to_it(r, owner, predicate, negated)
            return
        anchor.noun = r.target.noun if r.target is not None else ""
    if not is_special(r, owner, predicate, anchor, negated):
        owner.relate(predicate, [anchor], negated)
        r.owner = owner
        r.head = owner if anchor.name in lex.PLACES else anchor
        if predicate in ("with", "contains", "supports", "near"):
            carried(r, owner)
        more_anchors(r, predicate, negated)


def share(r: Reading, anchor: Draft) -> None:
    """Give an anchor to the relation that was said before it without one."""
    if r.shared is not None:
        owner, predicate, negated = r.shared
        owner.relate(predicate, [anchor], negated)
        r.shared = None


def _without_anchor(r: Reading, owner: Draft, predicate: str, negated: bool) -> None:
    """ "the one above": a relation to nothing is an order, or relates another thing to the target."""
    order = lex.ORDER_OF_RELATION.get(predicate)
    if order is None:
        return
    if owner in r.others:
        r.turn_to_target(owner, predicate, negated)
    else:
        owner.pick(order, negated=negated)


def is_special(r: Reading, owner: Draft, predicate: str, anchor: Draft, negated: bool) -> bool:
    """Handle relations that say something else than owner - predicate - anchor; return whether it was one."""
    same = anchor.is_same_thing_as(r.target)
    about_target = owner is r.target
    if predicate == "between":
        _between(r, owner, anchor, negated)
    elif predicate == "inside" and anchor.group and not negated and about_target and (same or not owner.noun):
        owner.noun = owner.noun or anchor.noun  # "in the row of shoes, the second": the group is at choice
        owner.relations += anchor.relations
        r.owner = r.head = owner
    elif predicate in ("above", "below") and anchor.plural and about_target and same:
        owner.pick(lex.ORDER_OF_RELATION[predicate], negated=negated)  # "above all other pillows"
    elif owner in r.others and same:
        r.turn_to_target(owner, predicate, negated)
    elif anchor.this and about_target and owner.excluded and not owner.noun:
        r.focus(anchor)  # "there is no lamp above this desk"
        anchor.relations += [(lex.INVERSE.get(predicate, "near"), [Draft(noun)], True) for noun in owner.excluded]
    elif r.provisional and anchor.this and about_target:
        r.focus(anchor)  # "there are plants next to this cabinet"
        r.provisional = False
        r.turn_to_target(owner, predicate, negated)
    elif predicate == "with" and anchor.noun in PART_WORDS and not _is_carried(r):
        looks = [a for a in anchor.attributes if a.kind == "color"]
        owner.attributes += [Attribute(a.kind, a.value, a.negated != negated) for a in looks]
        if not looks:
            owner.attributes.append(Attribute("part", PART_WORDS[anchor.noun], negated))
        r.owner = r.head = owner
    elif predicate == "with" and (anchor.name in lex.OWN_PARTS or anchor.is_same_thing_as(owner)):
        # "the chair with the blue back": a part of the thing; its colour is the thing's
        looks = [a for a in anchor.attributes if a.kind == "color"]
        owner.attributes += [Attribute(a.kind, a.value, a.negated != negated) for a in looks]
        r.owner = r.head = owner
    else:
        return False
    return True


def _is_carried(r: Reading) -> bool:
    """Whether "on it" follows: the thing is no part then."""
    found = r.relation_ahead()
    return found is not None and r.word(found[0]) in ("it", "them", "itself", "top")


def relate_to_it(r: Reading, owner: Draft, predicate: str, negated: bool) -> None:
    """Resolve "it" as an anchor: what the speaker faces, or the target for another thing."""
    view = r.facing or r.standing
    if owner in r.others:
        r.turn_to_target(owner, predicate, negated)
    elif owner is r.target and view is not None and predicate in lex.SEEN_RELATIONS:
        owner.relate(predicate, [view], negated)
    elif r.target is not None and owner is not r.target:
        r.turn_to_target(owner, predicate, negated)


def carried(r: Reading, owner: Draft) -> None:
    """ "with a lamp on it", "has a box in front": the predicate of the last relation follows its anchor."""
    start = r.i
    r.eat_any(lex.CARRIED_VERBS)
    name = _side_of_it(r) if owner.relations[-1][0] == "with" else ""
    name = name or _relation_to_it(r)
    if not name:
        r.back(start)
        return
    _, anchors, negated = owner.relations[-1]
    owner.relations[-1] = (name, anchors, negated)
    r.head = owner


def _side_of_it(r: Reading) -> str:
    """ "to its left", "on its immediate right", "on its top": what the owner is to the thing there."""
    if r.word() not in ("to", "on") or r.word(1) not in ("its", "the", "it"):
        return ""
    length = 3 if r.word(2) == "'s" else 2
    length += r.word(length) in ("immediate", "direct", "far")
    side = r.word(length)
    name = {"left": "right", "right": "left", "top": "supports"}.get(side, "")
    length += 1 + (r.word(length + 1) in ("side", "hand"))
    if not name or r.word(length) == "of" or (r.word(1) == "the" and side == "top" and not r.at_clause_end(length)):
        return ""
    r.eat(length)
    return name


def _relation_to_it(r: Reading) -> str:
    """ "on it", "in front of it", "underneath", "on top": the inverse of what follows."""
    found = r.relation_ahead()
    if found is not None and found[1] in lex.INVERSE:
        length, predicate = found
        if r.word(length) in ("it", "them", "itself"):
            r.eat(length + 1)
            if r.word() == "'s":
                r.eat(2)
            return lex.INVERSE[predicate]
        ends = r.at_clause_end(length) or r.word(length) == "and"
        if ends and predicate in ("above", "below", "behind", "inside", "near"):
            r.eat(length)
            return lex.INVERSE[predicate]
    if r.word() not in ("on", "in"):
        return ""
    part = r.word(1)
    if part in ("top", "front", "back") and r.word(2) != "of":
        r.eat(2)
        return {"top": "supports", "front": "behind", "back": "front"}[part]
    if r.at_clause_end(1):
        name = "supports" if r.word() == "on" else "contains"
        r.eat()
        return name
    return ""


def _between(r: Reading, owner: Draft, first: Draft, negated: bool) -> None:
    anchors = [first]
    start = r.i
    if r.word() in ("and", "or") or (r.word(), r.word(1)) == (",", "and"):
        r.eat(2 if r.word() == "," else 1)
        second = noun_phrase(r)
        if second is not None and second.pronoun and not second.plural:
            second.noun = second.noun or first.noun
        if second is None or not second.noun:
            r.back(start)
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
    r.owner = r.head = owner


def more_anchors(r: Reading, predicate: str, negated: bool) -> None:
    """ "near the bed and the lamp": each further noun is an anchor of the same relation."""
    while r.owner is not None and r.word() in ("and", "or", ","):
        length = 2 if r.word() == "," and r.word(1) in ("and", "or") else 1
        after = r.word(length)
        named = r.name_ahead(length) is not None and after not in lex.SIDES
        if (r.word() == "," and length == 1) or after == "that" or not (named or after in lex.DETERMINERS):
            return
        start = r.i
        r.eat(length)
        another = noun_phrase(r)
        if another is None or another.pronoun or another.is_same_thing_as(r.target) or r.word() in ("is", "are"):
            r.back(start)
            return
        if predicate in ("closest", "farthest"):
            r.owner.pick(predicate, 1, [another], negated)
        else:
            r.owner.relate(predicate, [another], negated)
