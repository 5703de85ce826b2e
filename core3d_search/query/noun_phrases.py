"""Reads noun phrases: "the two small brown chairs", "the third one", "a row of books"."""

from __future__ import annotations

from dataclasses import dataclass, field

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS, Cursor
from core3d_search.query.draft import Draft
from core3d_search.query.meaning import Attribute
from core3d_search.query.measures import measure_ahead
from core3d_search.query.nouns import OR, canonical
from core3d_search.query.words import singular

_LONGEST_COMPOUND, _LONGEST_PHRASE = 4, 14


_MADE = frozenset("placed mounted hanging leaning stacked built seated standing sitting installed".split())
"""What a thing does or what was done to it says nothing of it between "the" and the noun: "a mounted red shelf"."""
_WITH_LOOKS = frozenset("hand most and colored coloured side".split())
_GROUPS = {word: group for group, found in lex.GROUPS.items() for word in found if word != "pair"}


@dataclass
class _Begun:
    """A noun phrase that is being read: its draft, the words of its name, and whether it can be nothing else by now."""

    draft: Draft = field(default_factory=Draft)
    names: list[str] = field(default_factory=list)
    determined: bool = False


def noun_phrase(r: Cursor, ranked: bool = False) -> Draft | None:
    """Read the noun phrase at the position, or return None and stay there.

    `ranked`: an ordinal was read before ("second" "left chair"), another one does not follow.
    """
    if (r.word(), r.word(1)) in (("each", "other"), ("one", "another")):
        r.eat(2)
        return Draft(pronoun=True, mutual=True)
    start = r.i
    begun = _Begun()
    draft = begun.draft
    for _ in range(_LONGEST_PHRASE):
        if not r.word() or begun.names:
            break
        if _pronoun(r, begun):
            return draft
        if r.word() == "," and not draft.attributes:
            break
        if r.word() == "ordinal" and ranked:
            break
        for step in _BEFORE_THE_NOUN:
            if step(r, begun):
                break
        else:
            break
    while 0 < len(begun.names) < _LONGEST_COMPOUND and _name_goes_on(r):
        _take_name(r, begun)
    if not begun.names:
        if draft.attributes or draft.selectors or draft.number:
            draft.pronoun = True  # "the brown", "the larger": an elliptic "one"
            return draft
        r.back(start)
        return None
    draft.noun = " ".join(begun.names)
    _alternatives(r, draft)
    return _whole(r, draft)


def noun_follows(r: Cursor, offset: int) -> bool:
    """Whether a noun follows at `offset` after adjectives, side words and numbers."""
    for k in range(offset, offset + 7):
        word = r.word(k)
        looks = word in lex.ADJECTIVES or word in lex.ORDINALS or word in _MADE or word in _WITH_LOOKS
        number = word in lex.NUMBERS and word != "one"
        if not (looks or number or word in lex.SIDES):
            break
        if r.name_ahead(k) is not None and word not in lex.SIDES:
            return True
    else:
        return False
    if r.word(k) in ("one", "ones") or r.name_ahead(k) is not None:
        return True
    return r.is_unknown(r.word(k)) and r.name_ahead(k + 1) is not None


# -- what may stand before the noun: each returns whether it consumed something


def _comma(r: Cursor, begun: _Begun) -> bool:
    if r.word() == "," and r.word(1) in lex.ADJECTIVES:  # "small, brown chair"
        r.eat()
        return True
    return False


def _pronoun(r: Cursor, begun: _Begun) -> bool:
    """Whether the phrase ends with a pronoun: "it", "the brown one", "this is"."""
    word = r.word()
    if word in ("one", "ones") and (begun.determined or begun.draft.attributes or begun.draft.selectors):
        r.eat()
        if word == "one" and r.word() == "of":
            r.eat()
            return False
    elif word in lex.DEMONSTRATIVES:
        if r.word(1) not in ("is", "are", "has", "can", "was"):
            return False
        r.eat()
    elif word in lex.PRONOUNS and word != "one":
        r.eat()
    else:
        return False
    begun.draft.pronoun = True
    begun.draft.plural = word in ("them", "ones", "they")
    if r.word() == "'s":
        r.eat()
    return True


def _measure(r: Cursor, begun: _Begun) -> bool:
    """ "a 1 m wide table"."""
    found = measure_ahead(r)
    if found is None or not (begun.determined or r.at_clause_start(r.i)) or found[1].comparison != "=":
        return False
    begun.draft.measures.append(found[1])
    r.eat(found[0])
    begun.determined = True
    return True


def _number(r: Cursor, begun: _Begun) -> bool:
    word = r.word()
    number = lex.NUMBERS.get(word) or (int(word) if word.isdigit() and len(word) < 3 else None)
    if number is None:
        return False
    if word not in ("one", "single"):
        begun.draft.partial = begun.draft.number is not None
        begun.draft.number, begun.draft.plural = number, True
    begun.determined = True
    r.eat()
    if r.word() == "of":
        r.eat()
    return True


def _determiner(r: Cursor, begun: _Begun) -> bool:
    word = r.word()
    if word not in lex.DETERMINERS:
        return False
    begun.determined = True
    begun.draft.this = begun.draft.this or word == "this"
    begun.draft.plural = begun.draft.plural or word in ("all", "both", "these", "those", "some", "any")
    r.eat()
    if r.word() == "of" and word in ("all", "both", "some", "any", "each"):
        r.eat()
    return True


def _long_name(r: Cursor, begun: _Begun) -> bool:
    found = r.name_ahead()
    if found is None or found[0] == 1:
        return False
    _take_name(r, begun)
    return True


def _short_name(r: Cursor, begun: _Begun) -> bool:
    if r.name_ahead() is None:
        return False
    _take_name(r, begun)
    return True


def _order(r: Cursor, begun: _Begun) -> bool:
    found = r.order_ahead()
    if found is None or found[1] in ("closest", "farthest") or not noun_follows(r, found[0]):
        return False
    begun.draft.pick(found[1])
    r.eat(found[0])
    return True


def _side(r: Cursor, begun: _Begun) -> bool:
    if r.word() not in lex.SIDES or not noun_follows(r, 1):
        return False
    begun.draft.pick(lex.SIDES[r.word()])
    r.eat(2 if r.word(1) in ("hand", "side", "most") else 1)
    return True


def _ordinal(r: Cursor, begun: _Begun) -> bool:
    if r.word() not in lex.ORDINALS or not begun.determined or not noun_follows(r, 1):
        return False
    begun.draft.pick("first", lex.ORDINALS[r.word()])
    r.eat()
    return True


def _unseen(r: Cursor, begun: _Begun) -> bool:
    """What no box shows: "wall mounted", "side by side", "oddly shaped", the "light" of "light blue"."""
    two = (r.word(), r.word(1))
    shaped = two[1] in ("shaped", "sized", "looking", "colored")
    distant = two[0] in ("far", "opposite", "nearby") and begun.determined and noun_follows(r, 1)
    light = two[0] == "light" and lex.ADJECTIVES.get(two[1], ("", ""))[0] == "color"
    made = begun.determined and two[0] in _MADE and noun_follows(r, 1)
    if two in (("wall", "mounted"), ("wall", "hung")) and noun_follows(r, 2):
        r.eat(2)
    elif two == ("side", "by") and r.word(2) == "side" and noun_follows(r, 3):
        r.eat(3)
    elif shaped and two[0] in ("light", "dark") and noun_follows(r, 2):
        begun.draft.attributes.append(Attribute("color", {"light": "bright"}.get(two[0], two[0])))
        r.eat(2)
    elif shaped and r.is_unknown(two[0]) and r.name_ahead() is None:
        r.eat(2)
    elif distant or light or made:
        r.eat()
    else:
        return False
    begun.determined = True
    return True


def _look(r: Cursor, begun: _Begun) -> bool:
    if r.word() not in lex.ADJECTIVES or not (r.name_ahead() is None or noun_follows(r, 1)):
        return False
    begun.draft.attributes.append(Attribute(*lex.ADJECTIVES[r.word()]))
    begun.determined = True
    r.eat()
    r.eat_any(("colored", "coloured", "shaped", "sized", "color", "shape", "size"))
    if r.word() == "and" and r.word(1) in lex.ADJECTIVES:
        r.eat()
    return True


def _intensifier(r: Cursor, begun: _Begun) -> bool:
    if r.word() in lex.INTENSIFIERS and (r.word(1) in lex.ADJECTIVES or r.order_ahead(1)):
        r.eat()
        return True
    return False


def _unknown(r: Cursor, begun: _Begun) -> bool:
    """An unknown word is a modifier before a known name or another unknown word, else the noun itself."""
    word = r.word()
    named = r.name_ahead(1) is not None or noun_follows(r, 1)
    if not r.is_unknown(word) or not (begun.determined or begun.draft.attributes or named):
        return False
    if not named and not r.is_unknown(r.word(1)):
        begun.names.append(singular(word))
        begun.draft.plural = begun.draft.plural or singular(word) != word
    r.i += 1  # not understood: stays unknown
    return True


_BEFORE_THE_NOUN = (
    _comma, _measure, _number, _determiner, _unseen, _long_name, _order, _side, _ordinal, _look, _short_name,
    _intensifier, _unknown,
)  # fmt: skip
"""What may stand before the noun, tried in this order: each returns whether it consumed something."""


# -- the noun


def _take_name(r: Cursor, begun: _Begun) -> None:
    found = r.name_ahead()
    assert found is not None
    length, name = found
    last = r.word(length - 1)
    begun.draft.plural = begun.draft.plural or (singular(last) != last and canonical(name) not in lex.ALWAYS_PLURAL)
    begun.names.append(name)
    r.eat(length)
    if r.word() == "'s" and r.name_ahead(1) is not None:
        r.eat()


def _name_goes_on(r: Cursor) -> bool:
    """Whether the next word extends the name that was begun: "kitchen cabinet door"."""
    word = r.word()
    if r.name_ahead() is None or word in MARKS or word in lex.FUNCTION_WORDS or word in lex.VERBS:
        return False
    return word not in lex.DETERMINERS and word not in lex.PRONOUNS and word not in lex.NEVER_SECOND


def _whole(r: Cursor, draft: Draft) -> Draft:
    """Resolve "foot of the bed" to the bed and "stack of boxes" to the boxes; corners and middles stay."""
    part, group = draft.noun in lex.PARTS_OF, draft.noun in lex.GROUPS_OF
    if not (part or group) or r.word() not in ("of", "'s"):
        return draft
    start = r.i
    r.eat()
    inner = noun_phrase(r)
    if inner is None or not inner.noun:
        r.back(start)
        return draft
    if part:
        return draft if inner.is_group_word or draft.noun in ("corner", "middle", "center") else inner
    inner.attributes += draft.attributes
    inner.selectors += draft.selectors
    inner.group = True
    if inner.plural and draft.noun in _GROUPS:
        inner.attributes.append(Attribute("group", _GROUPS[draft.noun]))
    return inner


def _alternatives(r: Cursor, draft: Draft) -> None:
    """ "a sofa or an armchair": any of the names will do."""
    for _ in range(_LONGEST_COMPOUND):
        length = 2 if r.word(1) in ("a", "an", "the", "some") else 1
        found = r.name_ahead(length) if r.word() == "or" else None
        if found is None or r.word(length) in lex.SIDES or canonical(found[1]) == canonical(draft.noun):
            return
        r.eat(length + found[0])
        draft.noun += OR + found[1]
