"""Free text to `Query`: a tolerant left-to-right reader over the lexicon, no model.

One pass. A noun phrase without a waiting relation names the target (or, once there is one, another thing that is put
in relation to it); a relation word is followed by its anchor. Relations belong to the nearest noun before them inside
a clause ("the mug on the table next to the window") and to the target after a comma, a full stop or "and"; orders such
as "closest to" always belong to what the sentence is about. The steps are tried in the order of `STEPS`:

    viewpoint                                            where the speaker stands and looks    viewpoints.py
    seen_side                                            "with the door to your right"          seen_sides.py
    mark, imperative, conjunction, negation, looks_after,
    attribute, statement                                     what each sentence is about           statements.py
    use                                                  "something to sit on"                 uses.py
    measure                                              "wider than 1 m"                      measures.py
    side                                                 "on the left of the desk"             sides.py
    ordinal, alone, selector                             "second largest"                      orders.py
    relation                                             "on the table", "with a lamp on it"   relation_phrases.py

All of them read noun phrases (noun_phrases.py) and work on one `Reading` (reading.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from core3d_search.errors import InputError
from core3d_search.query import lexicon as lex
from core3d_search.query.certainty import certainty
from core3d_search.query.comparisons import measured, two_things
from core3d_search.query.cursor import MARKS, Named, spelled
from core3d_search.query.languages import detect, to_english
from core3d_search.query.left_aside import content, unused
from core3d_search.query.meaning import Aim, Phrase, Query, Viewpoint
from core3d_search.query.measures import measure
from core3d_search.query.notation import looks_exact, read
from core3d_search.query.orders import alone, ordinal, selector
from core3d_search.query.questions import QUESTION_OPENINGS
from core3d_search.query.reading import Reading
from core3d_search.query.relation_phrases import relation
from core3d_search.query.seen_sides import seen_side
from core3d_search.query.sides import side
from core3d_search.query.statements import attribute, conjunction, imperative, looks_after, mark, negation, statement
from core3d_search.query.translations import LANGUAGES
from core3d_search.query.uses import use
from core3d_search.query.viewpoints import viewpoint
from core3d_search.query.words import LONGEST_TEXT

_QUOTED_SCENE = re.compile(r"\b(?:in|from)\s+(?:the\s+)?(?:scene|room|scan)?\s*[\"“]([^\"”]{1,80})[\"”]", re.IGNORECASE)
_NAMED_SCENE = re.compile(r"\b(?:in|from|of)\s+(?:the\s+)?(?:scene|scan)\s+(?:named\s+)?([\w./-]*\w)", re.IGNORECASE)

_EACH_SCENE = re.compile(
    r"\b(?:in|of|for|from|per)\s+(?:each|every)\s+(?:scene|room|scan)\b|\bper\s+(?:scene|room)\b", re.IGNORECASE
)
_ALL_SCENES = re.compile(
    r"\b(?:in|of|over|across|from|among)\s+all\s+(?:the\s+)?(?:scenes|rooms|scans)\b|\b(?:overall|of all)\s*$",
    re.IGNORECASE,
)


def parse(
    text: str, vocabulary: Collection[str] = (), scenes: Collection[str] = (), language: str | None = None
) -> Query:
    """Return what `text` asks for; never raises on free text.

    `language` is "en" or one of `LANGUAGES` ("de", "fr", "es", "zh"); without one it is detected by the words.

    `vocabulary` adds names of things (labels of the objects at hand), `scenes` names that "in NAME" may mean. Text in
    the exact notation (see `notation`) is read as such; if it is broken, InputError says where.
    """
    if looks_exact(text):
        return read(text)
    scene, rest = split_scene(text, scenes)
    rest, per_scene = _split_scope(rest)
    names = frozenset(name.lower() for name in vocabulary)
    if language not in (None, "en", *LANGUAGES):
        raise InputError(f"no language {language!r}: en, {', '.join(LANGUAGES)}")
    spoken = language or detect(rest[:LONGEST_TEXT], names) or "en"
    if spoken != "en":
        rest = to_english(rest[:LONGEST_TEXT], spoken)
    words = spelled(rest, names)
    asked = two_things(words)
    if asked is not None:
        first, second = (_read(part, names, text, scene, per_scene) for part in (asked.first, asked.second))
        if first.target.noun and second.target.noun:
            return _joined(asked.aim, first, second)
    return _read(words, names, text, scene, per_scene)


def _read(words: list[str], names: Collection[str], text: str, scene: str | None, per_scene: bool) -> Query:
    """Return what `words` say of one thing, with how sure that is."""
    named: Named = {}
    understood = _understand(words, names, named)
    query = Query(understood.target.frozen() if understood.target else Phrase(), _viewpoint(understood), scene)
    query = replace(query, aim=understood.aim, per_scene=per_scene, text=text)

    def same_without(k: int) -> bool:
        other = _understand([*words[:k], *words[k + 1 :]], names, named)
        meant = other.target.frozen() if other.target else Phrase()
        return (meant, _viewpoint(other), other.aim) == (query.target, query.viewpoint, query.aim)

    for k in unused(words, str(query), same_without):
        understood.known[k] = False
    return _judged(understood, query)


def _joined(aim: Aim, first: Query, second: Query) -> Query:
    """Return the question about the targets of two readings."""
    return replace(
        first,
        aim=aim,
        other=second.target,
        unparsed=tuple(dict.fromkeys([*first.unparsed, *second.unparsed])),
        certainty=min(first.certainty, second.certainty),
        fallback=first.fallback or second.fallback,
    )


def _understand(words: list[str], names: Collection[str], named: Named) -> Reading:
    """Return the finished reading of `words`."""
    reading = Reading(words, names, named)
    while reading.i < len(reading.words):
        before = reading.i
        for step in STEPS:
            if step(reading):
                break
        else:
            reading.skip()
        reading.i = max(reading.i, before + 1)  # every step must move on
    _name_target(reading)
    _relate_others(reading)
    return reading


def _split_scope(text: str) -> tuple[str, bool]:
    """Split "in each scene" and "of all scenes" off the text: the rest, and whether each scene is asked alone."""
    alone = _EACH_SCENE.sub(" ", text, count=1)
    return (alone, True) if alone != text else (_ALL_SCENES.sub(" ", text, count=1), False)


def split_scene(text: str, scenes: Collection[str]) -> tuple[str | None, str]:
    """Split "in scene NAME" (or a known name after "in", or a quoted one) off the text: the name, and the rest."""
    short = text[: 2 * LONGEST_TEXT]
    lowered = short.lower()  # compared first: with thousands of scenes, compiling a pattern for each takes seconds
    known = (
        re.search(rf"\b(?:in|from)\s+(?:the\s+)?(?:room\s+)?({re.escape(name)})(?!\w)", short, re.IGNORECASE)
        for name in scenes
        if name.lower() in lowered
    )
    for found in (_QUOTED_SCENE.search(short), _NAMED_SCENE.search(short), *known):
        if found:
            named = next((name for name in scenes if name.lower() == found.group(1).lower()), found.group(1))
            return named, short[: found.start()] + " " + short[found.end() :]
    return None, text


def question(r: Reading) -> bool:
    """ "how many", "is there", "where is", "which scene has the most", "how tall is": what is asked for."""
    if r.target is not None or r.i > 5:
        return False
    if r.i == 0 and r.word() in ("is", "are") and r.word(1) in lex.DETERMINERS:  # "is the chair near the window?"
        r.aim = "exists"
        r.eat()
        return True
    asked = measured(r.words[r.i :])
    if asked is not None:
        length, r.aim = asked
        r.eat(length)
        return True
    for opening, aim in QUESTION_OPENINGS:
        if tuple(r.words[r.i : r.i + len(opening)]) == opening:
            r.aim = aim
            r.eat(len(opening))
            return True
    return False


STEPS = (
    mark, question, viewpoint, seen_side, use, imperative, conjunction, measure, negation, looks_after, side, ordinal,
    alone, selector, relation, attribute, statement,
)  # fmt: skip
"""Each returns whether it consumed something; the first that does wins."""


def _judged(r: Reading, query: Query) -> Query:
    """Return `query` with how sure the reading is of it; a text that says nothing is compared as a whole."""
    said = content(r.words)
    missed = tuple(r.words[k] for k in said if not r.known[k])
    understood = 1.0 - len(missed) / len(said) if said else 0.0
    empty = r.target is None or not (r.target.described or (r.target.noun and not (missed and r.target.vague)))
    fallback = empty or understood < 0.5
    target = query.target
    if empty:
        target = Phrase(" ".join([word for word in r.words if word not in MARKS][:12]))
    sure = certainty(query, understood)
    if fallback:
        sure = min(sure, 0.3)
    unread = query.text[LONGEST_TEXT:].split(maxsplit=1)[:1]
    missed = (*missed, *(word[:40] for word in unread))
    return replace(query, target=target, unparsed=missed, certainty=round(sure, 3), fallback=fallback)


def _viewpoint(r: Reading) -> Viewpoint | None:
    said = {"standing": r.standing, "facing": r.facing, **r.seen}
    parts = {name: place.frozen() for name, place in said.items() if place is not None}
    return Viewpoint(**parts) if parts else None


def _name_target(r: Reading) -> None:
    """Give "the one on the left" the noun of the group that was mentioned around it."""
    target = r.target
    if target is None or not (not target.noun or target.name in lex.PLACES or target.name == "row"):
        return
    if r.facing is None or (not target.noun and target.selectors):
        target.noun = _group_around(r) or target.noun or (r.facing.noun if r.facing is not None else "")


def _group_around(r: Reading) -> str:
    seen = [draft for draft in (r.facing, r.standing, r.target) if draft is not None]
    anchors = [a for draft in seen for _, found, negated in draft.relations if not negated for a in found]
    for draft in (*(d for d in seen if d.name not in lex.PLACES), *anchors, *r.others):
        if draft.noun and (draft.plural or draft.number):
            return draft.noun
    return ""


def _relate_others(r: Reading) -> None:
    """A thing that was mentioned without a relation to the target is at least expected near it."""
    for other in list(r.others) if r.target is not None else ():
        for said in other.relations:
            if said[1] and said[1][0].is_same_thing_as(r.target):
                other.relations.remove(said)
                r.turn_to_target(other, said[0], said[2])
                break
        else:
            if other.noun and not other.is_same_thing_as(r.target):
                r.turn_to_target(other, "near", False)
