"""The second opinion of one command: judges every hit once, and says on stderr where it could not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from core3d_search.search.second_opinion import SecondOpinion

if TYPE_CHECKING:
    from core3d_search.datatypes import Hit
    from core3d_search.search.searcher import Judge, Searcher


def judge_for(searcher: Searcher, text: str, opinion: SecondOpinion) -> Judge:
    """Return what judges the hits of `text`; opinions are kept in the database of `searcher`."""
    from core3d_search.indexer.drawing import view_of

    asked = replace(opinion, cache=searcher.store.query_readings)
    told: set[str] = set()

    def judge(hits: list[Hit], threshold: float) -> list[Hit]:
        judged = asked.judge(text, hits, lambda hit: view_of(searcher.store, hit), threshold)
        if judged.note and judged.note not in told:
            told.add(judged.note)
            typer.echo(f"core3d: {judged.note}; the rest stays as it was", err=True)
        return list(judged.hits)

    return judge
