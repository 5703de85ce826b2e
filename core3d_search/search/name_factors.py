"""Factors of a name: what the encoder makes of the noun, and what the label says to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core3d_search.query import Phrase
from core3d_search.query.affordances import kinds_for
from core3d_search.query.nouns import ANYTHING, GENERIC, OR, canonical, likeness
from core3d_search.relations.table import Array
from core3d_search.search.reasons import Factor

if TYPE_CHECKING:
    from core3d_search.search.evaluation import Evaluation

LESS_EXACT = 0.5
"""What remains of the likeness of another kind's label in a scene where some object has the label that was said."""
OTHER_LABEL = 0.28
"""What remains of a name where the label is the name of another kind of thing."""


def name_factors(evaluation: Evaluation, phrase: Phrase) -> tuple[Factor, ...]:
    """Return the factors of a phrase's name: one phrase gives one object the same name wherever it stands in a text.

    The name of a use ("something to sit on") is the most fitting of the kinds that serve it.
    """
    uses = [a.value for a in phrase.attributes if a.kind == "use" and not a.negated and kinds_for(a.value)]
    if not phrase.noun or canonical(phrase.noun) in GENERIC:
        if uses:
            return _of_use(evaluation, uses[0])
        if not phrase.noun or (canonical(phrase.noun) in ANYTHING and evaluation.matched(phrase.noun).scale > 0):
            return (Factor("target", "any object", evaluation.probability("")),)
    names = evaluation.matched(phrase.noun).names
    texts = [phrase.noun if name is None else f"{phrase.noun}, by its name {name!r}" for name in names]
    named = Factor("target", phrase.noun, evaluation.probability(phrase.noun), texts=texts or None)
    agreement = _agreement(evaluation, phrase.noun)
    if agreement is None:
        return (named,)
    return named, _label_factor(evaluation, agreement)


def _of_use(evaluation: Evaluation, use: str) -> tuple[Factor, ...]:
    kinds = kinds_for(use)
    names = np.stack([share * evaluation.probability(kind) for kind, share in kinds.items()])
    labels = np.stack([_like_labels(evaluation, kind) for kind in kinds])
    spoken = any(canonical(kind) in evaluation.kinds for kind in kinds)
    chosen, every = (names * labels if spoken else names).argmax(axis=0), np.arange(len(evaluation.table))
    texts = [f"{list(kinds)[k]}, to {use}" for k in chosen]
    named = Factor("target", f"something to {use}", names[chosen, every], texts=texts)
    if not spoken:
        return (named,)
    return named, _label_factor(evaluation, labels[chosen, every])


def _label_factor(evaluation: Evaluation, agreement: Array) -> Factor:
    texts = [f"labelled {label or 'nothing'}" for label in evaluation.table.labels]
    return Factor("label", "labelled", agreement, texts=texts)


def _agreement(evaluation: Evaluation, noun: str) -> Array | None:
    """Return (N,) how well the labels agree with `noun`; None where no label of the database could say it."""
    spoken = any(canonical(name) in evaluation.kinds for name in noun.split(OR))
    return _like_labels(evaluation, noun) if spoken else None


def _like_labels(evaluation: Evaluation, noun: str) -> Array:
    """Return (N,) how well the labels agree with `noun`, 1 where there is no label."""
    labels = evaluation.table.labels
    alike = {label: likeness(noun, label) for label in set(labels) if label is not None}
    if 1.0 in alike.values():  # in one scene a thing is called by its own name, and another thing by another
        alike = {label: share if share == 1.0 else LESS_EXACT * share for label, share in alike.items()}
    shares = [1.0 if label is None else alike[label] for label in labels]
    agreed = OTHER_LABEL + (1.0 - OTHER_LABEL) * np.array(shares, dtype=np.float64).reshape(-1)
    names = evaluation.matched(noun).names  # what the name itself says, no comparison of labels takes back
    return np.where([name is not None for name in names], 1.0, agreed) if names else agreed
