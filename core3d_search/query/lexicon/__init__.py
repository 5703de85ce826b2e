"""The vocabulary of the search language: which words say which relation, order, size, colour, and which say nothing.

Names of things are in `nouns`.
"""

from __future__ import annotations

from core3d_search.query.lexicon.grammar import (
    ALWAYS_PLURAL,
    BEFORE_CAN,
    DEMONSTRATIVES,
    DETERMINERS,
    FILLERS,
    FUNCTION_WORDS,
    GROUP_WORDS,
    GROUPS_OF,
    IMPERATIVES,
    INTENSIFIERS,
    NEGATIONS,
    NEVER_SECOND,
    OWN_PARTS,
    PARTS_OF,
    PLACES,
    PRONOUNS,
    VERBS,
    VIEW_FILLERS,
    VIEW_OPENERS,
    VIEW_SUBJECTS,
)
from core3d_search.query.lexicon.looks import (
    ADJECTIVES,
    COLORS,
    GROUPS,
    MATERIALS,
    SHAPES,
    SIZES,
)
from core3d_search.query.lexicon.measures import (
    COMPARED,
    DIMENSIONS,
    NUMBERS,
    UNITS,
)
from core3d_search.query.lexicon.orders import (
    AFTER_ORDINALS,
    ALONE,
    BEFORE_SIDES,
    COUNTED_FROM,
    ORDER_NAMES,
    ORDINALS,
    SELECTOR_PHRASES,
    SELECTOR_WORDS,
    SIDE_NOUNS,
    SIDES,
)
from core3d_search.query.lexicon.relations import (
    BEFORE_RELATIONS,
    CARRIED_VERBS,
    INVERSE,
    ORDER_OF_RELATION,
    PREDICATE_NAMES,
    RELATION_PHRASES,
    RELATION_WORDS,
    SEEN_RELATIONS,
)
from core3d_search.query.lexicon.tables import words

__all__ = [
    "ADJECTIVES", "AFTER_ORDINALS", "ALONE", "ALWAYS_PLURAL", "BEFORE_CAN", "BEFORE_RELATIONS", "BEFORE_SIDES",
    "CARRIED_VERBS", "COLORS", "COMPARED", "COUNTED_FROM", "DEMONSTRATIVES", "DETERMINERS", "DIMENSIONS", "FILLERS",
    "FUNCTION_WORDS", "GROUPS", "GROUPS_OF", "GROUP_WORDS", "IMPERATIVES", "INTENSIFIERS", "INVERSE", "KNOWN_WORDS",
    "MATERIALS", "NEGATIONS", "NEVER_SECOND", "NUMBERS", "ORDER_NAMES", "ORDER_OF_RELATION", "ORDINALS",
    "OWN_PARTS", "PARTS_OF", "PLACES", "PREDICATE_NAMES", "PRONOUNS", "RELATION_PHRASES", "RELATION_WORDS",
    "SEEN_RELATIONS", "SELECTOR_PHRASES", "SELECTOR_WORDS", "SHAPES", "SIDES", "SIDE_NOUNS", "SIZES", "UNITS",
    "VERBS", "VIEW_FILLERS", "VIEW_OPENERS", "VIEW_SUBJECTS",
]  # fmt: skip

KNOWN_WORDS = frozenset(
    {word for phrase in (*RELATION_PHRASES, *SELECTOR_PHRASES) for word in phrase}
    | {word for phrases in ALONE.values() for phrase in phrases for word in phrase}
    | {*ADJECTIVES, *ORDINALS, *NUMBERS, *SIDES, *UNITS, *DIMENSIONS, *COMPARED}
    | SIDE_NOUNS | DETERMINERS | PRONOUNS | NEGATIONS | INTENSIFIERS | VERBS | FUNCTION_WORDS | VIEW_OPENERS
    | VIEW_SUBJECTS | VIEW_FILLERS | IMPERATIVES | words("corner row one spot places")
)  # fmt: skip
"""Every word that is not the name of a thing."""
