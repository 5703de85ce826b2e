"""Names that files give to their nodes: which of them mean something, and the words in them."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 120
MEANINGLESS = frozenset(
    """world root scene rootnode default defaultobject node mesh object group geometry geom model primitive prim shape
    instance untitled unnamed none null empty material transform xform looks polygon polymesh surface part element item
    sketchfab model gltf scene rootnode cube cylinder sphere plane circle cone torus icosphere box001 line curve
    nurbspath beziercurve layer component compound solid body brep entity export collada obj fbx glb usd stl ply off dae
    textured texture baked simplified lod high low final new copy""".split()
)
"""Words that tools give by themselves: alone or together with numbers they name nothing."""

_BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")


def clean(name: str) -> str:
    """Return `name` without control characters and lone surrogates, of at most `MAX_NAME` characters."""
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " " for c in name)
    return " ".join(kept.split())[:MAX_NAME]


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, without numbers and single letters: KitchenChair_03 is kitchen,
    chair; each once.

    Empty where nothing is left but what tools give by themselves (Cube.001, Object_4, RootNode).
    """
    pieces = re.split(r"[\W\d_]+", _BOUNDARY.sub(" ", clean(name)))
    found = tuple(dict.fromkeys(piece.lower() for piece in pieces if len(piece) > 1))
    return found if any(word not in MEANINGLESS for word in found) else ()


def spoken(name: str) -> str:
    """Return a name as one would say it, each word once: KitchenChair_03 is "kitchen chair 03"."""
    pieces = re.split(r"[\W_]+", _BOUNDARY.sub(" ", clean(name)))
    return " ".join(dict.fromkeys(piece.lower() for piece in pieces if piece)) or clean(name).lower()
