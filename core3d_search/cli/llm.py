"""The LLM parser of one command: reads every text once, and says on stderr where it was left to the grammar."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import typer

from core3d_search.query.llm import LlmParser, Reading


@dataclass(frozen=True)
class OnceParser(LlmParser):
    """What an LLM did not answer, it is not asked again: `--explain` after a search costs no second timeout."""

    readings: dict[str, Reading] = field(default_factory=dict, repr=False, compare=False)

    def parse(self, text: str, vocabulary: Collection[str] = (), scenes: Collection[str] = ()) -> Reading:
        if text not in self.readings:
            reading = super().parse(text, vocabulary, scenes)
            if reading.note:
                typer.echo(f"core3d: {reading.note}; the grammar reads {text!r}", err=True)
            self.readings[text] = reading
        return self.readings[text]
