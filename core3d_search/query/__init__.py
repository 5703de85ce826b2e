"""Text to `Query`: the search language."""

from core3d_search.query.grammar import parse
from core3d_search.query.meaning import Attribute, Measure, Phrase, Query, ReferenceFrame, Relation, Selector, Viewpoint

__all__ = ["Attribute", "Measure", "Phrase", "Query", "ReferenceFrame", "Relation", "Selector", "Viewpoint", "parse"]
