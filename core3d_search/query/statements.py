"""Reads what sentences say: marks, instructions, negations, predicate adjectives, and which thing each is about."""

from __future__ import annotations

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS, STOPS
from core3d_search.query.meaning import Attribute
from core3d_search.query.noun_phrases import noun_phrase
from core3d_search.query.reading import Reading
from core3d_search.query.relation_phrases import add_relation


def mark(r: Reading) -> bool:
    """A comma returns to the subject, a full stop to the target."""
    if r.word() not in MARKS:
        return False
    if r.word() in STOPS:
        r.subject, r.owner, r.existential = r.target, None, False
    r.head = r.subject
    r.negated = False
    r.eat()
    return True


def imperative(r: Reading) -> bool:
    """ "There are two beds. Choose the pillow ...": that is the target, what went before stands around it."""
    start = r.i
    looking = r.word() == "look" and r.word(1) in ("at", "for")
    before = r.words[start - 1] if start else ""
    if not (looking or r.word() in lex.IMPERATIVES) or before in ("to", "not", "that"):
        return False
    r.eat(2 if looking else 1)
    if r.target is None or not r.target.noun:
        return True
    r.eat_any(("for", "out"))
    resume = r.i
    draft = noun_phrase(r)
    if draft is None:
        return True
    if draft.pronoun or draft.continues(r.target):
        r.join(draft, r.taken_negation())
    elif r.at_clause_start(start) or before in ("and", "please", "then", "so", "you", "i", "we"):
        r.others.append(r.target)
        r.focus(draft)
    else:
        r.back(resume)
    return True


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


def statement(r: Reading) -> bool:
    """A noun phrase without a waiting relation: the target, the target again, or another thing."""
    if r.word() in ("there", "here") and r.word(1) in ("is", "are", "was", "'s"):
        r.eat(2)
        r.existential = True
        return True
    draft = noun_phrase(r)
    if draft is None:
        return False
    negated = r.taken_negation()
    target = r.target
    unnamed = target is not None and r.subject is target and target.vague
    if target is None or (unnamed and not (r.existential or draft.pronoun or negated or r.others)):
        r.adopt(draft, negated)
    elif (draft.pronoun and not draft.noun) or draft.continues(target):
        r.join(draft, negated)
    elif negated:
        target.excluded.append(draft.noun)
    else:
        r.others.append(draft)
        r.subject = r.head = draft
    r.existential = False
    return True
