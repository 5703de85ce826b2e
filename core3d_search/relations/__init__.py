"""Relations between boxes, orders among them and what their looks say: scores in [0, 1] with stated definitions."""

from core3d_search.relations import comparisons, contact, directions  # noqa: F401  (they register their predicates)
from core3d_search.relations.predicates import PREDICATES, Circumstances, Predicate
from core3d_search.relations.table import ObjectTable

__all__ = ["PREDICATES", "Circumstances", "ObjectTable", "Predicate"]
