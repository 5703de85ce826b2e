"""The names of things: which words mean the same object, and which names include others.

The vocabulary is everyday English for indoor objects. A name outside it is still searched for; the tables only make
"couch" find a sofa and "bin" a trash can.
"""

from __future__ import annotations

from functools import lru_cache

from core3d_search.query.household import HOUSEHOLD
from core3d_search.query.kinds import KINDS
from core3d_search.query.synonyms import EXTRA, SYNONYMS
from core3d_search.query.words import singular

GENERIC = frozenset(
    """
    object thing item one piece furniture something anything nothing everything element unit option stuff choice shape
    surface structure place equipment whatever
    """.split()
)
"""Nouns that any object answers to."""


ANYTHING = frozenset("object thing item something anything everything whatever one stuff".split())
"""Nouns that say nothing of what a thing is."""
OR = " or "
"""What stands between the names of a noun that leaves a choice."""


def canonical(noun: str) -> str:
    """Return the usual name of a thing: singular head, synonyms folded ("Couches" -> "couch", "sofas" -> "couch")."""
    return _canonical(noun)


@lru_cache(maxsize=16384)
def _canonical(noun: str) -> str:
    noun = " ".join(noun.replace("-", " ").split()) if " " in noun or "-" in noun else noun
    if noun in _USUAL:
        return _USUAL[noun]
    *front, head = noun.split() or [""]
    alone = " ".join([*front, singular(head)])
    return _USUAL.get(alone, alone)


def spoken_names(noun: str) -> tuple[str, ...]:
    """Return the names of what a noun asks for: both of "sofa or bench", and usual words: "heater", "radiator"."""
    names = []
    for one in noun.split(OR):
        usual = canonical(one)
        names += [one] if not one or usual in (one, singular(one)) else [one, usual]
    return tuple(dict.fromkeys(names))


def likeness(noun: str, label: str) -> float:
    """Return the probability in [0, 1] that somebody who says `noun` means a thing that is labelled `label`.

    1 the same name or a synonym; less along `KINDS` by its order; a shared head noun counts unless both carry
    different modifiers ("office chair", "massage chair"). The steps are read off the training part, see
    benchmarks/grounding.py.
    """
    return max(_likeness(canonical(one), canonical(label)) for one in noun.split(OR))


@lru_cache(maxsize=65536)
def _likeness(noun: str, label: str) -> float:
    if not noun or not label:
        return 0.0
    if noun == label:
        return 1.0
    best = 0.0
    kinds = _KINDS.get(noun, ())
    if label in kinds:
        best = 0.55 * 0.93 ** kinds.index(label)
    if noun in _KINDS.get(label, ()):
        best = max(best, 0.4 * 0.93 ** _KINDS[label].index(noun))
    if noun in GENERIC:
        best = max(best, 0.3)
    said, named = noun.split(), label.split()
    if said[-1] == named[-1]:
        extra_said, extra_named = set(said[:-1]) - set(named), set(named[:-1]) - set(said)
        if not extra_said:
            best = max(best, 0.6)
        elif not extra_named:
            best = max(best, 0.7)
        else:
            best = max(best, 0.2)
    elif len(said) > 1 or len(named) > 1:
        head_said, head_named = canonical(said[-1]), canonical(named[-1])
        if head_said == head_named and (head_said, head_named) != (noun, label):
            best = max(best, 0.5)
        elif len(said) > 1 and head_said != noun:
            best = max(best, 0.6 * _likeness(head_said, label))
        elif len(named) > 1 and noun in named[:-1]:
            best = max(best, 0.12)
    return best


def _lines(table: str) -> list[str]:
    return table.strip().replace("\n    ", " ").splitlines()


def groups() -> list[list[str]]:
    """Return the groups of names that mean the same, the usual name first in each."""
    return [[name.strip() for name in line.split(",")] for line in _lines(SYNONYMS)]


_USUAL: dict[str, str] = {}
for _group in groups():
    for _name in _group:
        _USUAL.setdefault(_name, _group[0])
        _USUAL.setdefault(singular(_name) if " " not in _name else _name, _group[0])

_KINDS: dict[str, tuple[str, ...]] = {}
for _line in _lines(KINDS):
    _head, _names = _line.split(":")
    _KINDS[_head] = tuple(dict.fromkeys(canonical(n.strip()) for n in _names.split(",")))

NOUNS = (
    frozenset(_USUAL)
    | frozenset(n.strip() for n in EXTRA.replace("\n", " ").split(","))
    | frozenset(_KINDS)
    | frozenset(n.strip() for line in _lines(HOUSEHOLD) for n in line.partition(":")[2].split(","))
    | (GENERIC - {"one"})
)
"""Every known name, one or several words, singular or as listed."""
