"""How a text was understood, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from core3d_search.query import Query

READER_NAMES = {"grammar": "the grammar", "llm": "the LLM", "cache": "the LLM, remembered"}
"""What `Explanation.read_by` means, for people."""


@dataclass(frozen=True)
class Explanation:
    """How a text was understood.

    `notation` is the exact form that parses to the same query, `certainty` in [0, 1] how often readings like it meant
    the right object, `unparsed` the words that have no part in it; `fallback` says that the text as a whole is compared
    with the objects.
    `read_by` names the reader: the grammar, the llm, or the cache of what the llm made of it before. `note` says why
    it was the grammar where an llm was asked.
    """

    query: Query
    read_by: Literal["grammar", "llm", "cache"] = "grammar"
    note: str = ""

    @property
    def text(self) -> str:
        """The understanding in a few lines for people."""
        how = "not understood; the text as a whole is compared" if self.query.fallback else "understood as"
        lines = [f"{how}: {self.query} (certainty {self.query.certainty:.2f}, read by {READER_NAMES[self.read_by]})"]
        if self.query.unparsed:
            lines.append(f"left aside: {', '.join(self.query.unparsed)}")
        if self.note:
            lines.append(self.note)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "notation": str(self.query),
            "certainty": self.query.certainty,
            "fallback": self.query.fallback,
            "unparsed": list(self.query.unparsed),
            "read_by": self.read_by,
            "note": self.note,
        }
