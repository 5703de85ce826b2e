"""Names of objects in files: one an object, readable, without what formats forbid."""

from __future__ import annotations

import re
import unicodedata

from core3d_search.datatypes import SceneObject

LONGEST = 60


def node_name(item: SceneObject) -> str:
    """Return the name of an object in a file: label and id, letters, digits and _ only ("office_chair_86")."""
    plain = unicodedata.normalize("NFKD", item.label or "object").encode("ascii", "ignore").decode()
    word = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:LONGEST] or "object"
    return f"{word if word[0].isalpha() else f'object_{word}'}_{item.id}"
