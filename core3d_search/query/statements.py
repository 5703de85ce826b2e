"""Reads what sentences say: marks, instructions, negations, predicate adjectives, and which thing each is about."""

from __future__ import annotations

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS, STOPS
from core3d_search.query.meaning import Attribute
from core3d_search.query.noun_phrases import noun_phrase
from core3d_search.query.nouns import likeness
from core3d_search.query.reading import Reading
from core3d_search.query.relation_phrases import add_relation

_ASKERS = frozenset("you i we are am be will would should can could must".split())
_AFTER_INSTRUCTION = frozenset("for out me us up over to back".split())
_GOES = frozenset("go walk drive move head navigate roll".split())
_POINTERS = frozenset("object item thing option target choice answer piece".split())
"""What only points at the thing that is meant: "the tall one is the item we are looking for"."""
_DEFINITE = frozenset("the this that these those".split())
_PREPOSITIONS = frozenset(
    "on to of in under underneath below behind beside near above by with at against from around inside next".split()
)
ALIKE = 0.3
"""Likeness from which two names are taken for one thing: "the cabinet is brown. It is a dresser"."""


def mark(r: Reading) -> bool:
    """A comma returns to the subject, a full stop to the target."""
    if r.word() not in MARKS:
        return False
    if r.word() in STOPS:
        r.subject, r.owner, r.existential = r.target, None, False
        if r.target is not None:
            r.target.implied = False  # what it is had to be said by now
    r.head = r.subject
    r.negated = False
    r.eat()
    return True


def imperative(r: Reading) -> bool:
    """ "There are two beds. Choose the pillow ...": that is the target, what went before stands around it."""
    start = r.i
    length = _instruction_ahead(r)
    if not length:
        return False
    before = r.words[start - 1] if start else ""
    r.eat(length)
    r.eat_any(_AFTER_INSTRUCTION)
    if r.target is None or not r.target.noun:
        return True
    resume = r.i
    draft = noun_phrase(r)
    if draft is None:
        if r.head is not None and r.head in r.others and before in _ASKERS:
            r.refocus(r.head)  # "the picture we want is the large one"
        return True
    if (draft.pronoun or draft.continues(r.target)) and not (r.target.partial and not draft.plural):
        r.join(draft, r.taken_negation())
    elif r.at_clause_start(start) or before in _ASKERS or before in ("and", "please", "then", "so", "to"):
        draft.noun = draft.noun or r.target.noun
        r.refocus(draft)
    else:
        r.back(resume)
    return True


def _instruction_ahead(r: Reading) -> int:
    """Return the number of words of an instruction: "choose", "look for", "are looking for", "go to"; 0 for none."""
    word, after = r.word(), r.word(1)
    before, earlier = ((r.words[r.i - k] if r.i >= k else "") for k in (1, 2))
    if before in ("not", "that") or (before == "to" and earlier not in ("want", "need", "have", "like", "trying")):
        return 0
    if (word == "look" and after in ("at", "for")) or (word in ("looking", "searching") and after == "for"):
        return 2
    if word in _GOES and after in ("to", "toward", "towards", "over"):
        return 2
    return int(word in lex.IMPERATIVES)


def conjunction(r: Reading) -> bool:
    """After "and" a relation describes what the one before it described; "that is" says nothing itself."""
    word, after = r.word(), r.word(1)
    if word in ("and", "but", "or"):
        r.eat()
        r.head = r.subject if after == "not" else r.owner or r.subject
        return True
    if word in ("that", "which", "who", "whose", "where") and (after in lex.VERBS or after in ("you", "it")):
        r.eat()
        return True
    return False


def negation(r: Reading) -> bool:
    """ "not", "no", "without", "other than", "instead of"."""
    word = r.word()
    if (word, r.word(1)) in (("other", "than"), ("rather", "than"), ("instead", "of")):
        r.eat(2)
    elif word in ("ignore", "ignoring", "disregard", "disregarding"):
        r.eat()
    elif word in lex.NEGATIONS:
        r.eat()
        if word == "without" or (word == "no" and r.head is not None):
            add_relation(r, "with", negated=True)
            return True
    else:
        return False
    r.negated = True
    return True


def attribute(r: Reading) -> bool:
    """A predicate adjective: "the chair is brown", "the one that is not red"."""
    word = r.word()
    if word not in lex.ADJECTIVES or r.target is None or (r.name_ahead() and word != "glass"):
        return False
    k = 1
    while r.word(k) in lex.ADJECTIVES:
        k += 1
    if r.name_ahead(k) is not None or r.word(k) in ("one", "ones", "and"):
        return False
    r.eat()
    owner = r.subject or r.target
    owner.attributes.append(Attribute(*lex.ADJECTIVES[word], r.taken_negation()))
    return True


def looks_after(r: Reading) -> bool:
    """ "a chair in black", "the sofa in brown leather": looks that stand after the noun."""
    if r.word() != "in" or r.target is None or (r.word(1) not in lex.COLORS and r.name_ahead(1) is not None):
        return False
    looks: list[tuple[str, str]] = []
    while lex.ADJECTIVES.get(r.word(1 + len(looks)), ("", ""))[0] in ("color", "material"):
        looks.append(lex.ADJECTIVES[r.word(1 + len(looks))])
    after = 1 + len(looks)
    if not looks or r.name_ahead(after) is not None or r.is_unknown(r.word(after)) or r.word(after) in ("one", "ones"):
        return False
    r.eat(after)
    owner, negated = r.head or r.current(), r.taken_negation()
    owner.attributes += [Attribute(kind, value, negated) for kind, value in looks]
    return True


def statement(r: Reading) -> bool:
    """A noun phrase without a waiting relation: the target, the target again, or another thing."""
    if r.word() in ("there", "here") and r.word(1) in ("is", "are", "was", "'s"):
        r.eat(2)
        r.existential = True
        return True
    start = r.i
    draft = noun_phrase(r)
    if draft is None:
        return False
    negated = r.taken_negation()
    target = r.target
    unnamed = target is not None and r.subject is target and target.vague
    first = target is not None and target.implied and not target.noun  # "under the desk there is a bin"
    if target is None or (unnamed and not (draft.pronoun or negated or (not first and (r.existential or r.others)))):
        r.adopt(draft, negated)
    elif (draft.pronoun and not draft.noun) or draft.continues(target):
        r.join(draft, negated)
    elif negated:
        target.excluded.append(draft.noun)
    elif draft.noun in _POINTERS and start and r.words[start - 1] in ("is", "are"):
        if r.subject is not None and r.subject in r.others:
            r.refocus(r.subject)
    elif _is_it(r, start):
        if likeness(target.noun, draft.noun) >= ALIKE:
            r.join(draft, negated)
        else:
            r.refocus(draft)
    else:
        r.others.append(draft)
        r.subject = r.head = draft
    r.existential = False
    return True


def _is_it(r: Reading, start: int) -> bool:
    """Whether "it is the ...", "that is the ...", "the target is the ..." ends at position `start`, where "the" is.

    Not after a preposition: what "on it is the ..." names is no target.
    """
    if start < 2 or r.words[start] not in _DEFINITE or r.words[start - 1] not in ("is", "was", "'s"):
        return False
    said = start - 2
    if r.words[said] in _POINTERS:
        return said > 0 and r.words[said - 1] in _DEFINITE
    return r.words[said] in ("it", "this", "that") and not (said and r.words[said - 1] in _PREPOSITIONS)
