"""All that is known of one object, and what a search answered, as HTML. Every text from elsewhere is escaped."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from core3d_search.datatypes import Hit, Reason
from core3d_search.search.documents import Neighbour, ObjectCard
from core3d_search.search.documents.things import hex_color
from core3d_search.viewer.highlights import score_color

LONGEST = 200
"""Characters of a text from a scan that are shown."""
SMALL = "font-size:0.85em;color:#6b7280"
BOX = 'style="padding:0 0.75em 0.25em;font-size:0.875em;line-height:1.45;overflow-wrap:anywhere"'


def said(text: str) -> str:
    """Return a text as HTML that shows it: one line of bounded length, without control characters."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return escape(clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + "…")


def note(text: str, *, strong: bool = False) -> str:
    """Return a line for people."""
    return f"<div {BOX}>{f'<b>{said(text)}</b>' if strong else said(text)}</div>"


def card(item: ObjectCard, webp: bytes | None = None, hit: Hit | None = None, rank: int | None = None) -> str:
    """Return the card of an object; `webp` is its picture, `hit` and `rank` what a search says of it."""
    parts = [
        f"<div {BOX}>",
        f'<div style="font-size:1.15em"><b>{said(item.label or "object")} #{item.object_id}</b></div>',
        f'<div style="{SMALL}">in {said(item.scene)}</div>',
    ]
    if webp is not None:
        data = base64.b64encode(webp).decode("ascii")
        parts.append(
            f'<img alt="the object in the frame that shows it best" src="data:image/webp;base64,{data}" '
            'style="max-width:100%;max-height:13em;border-radius:4px;margin:0.4em 0;display:block"/>'
        )
    if hit is not None:
        parts.append(f"<div>{_swatch(hex_color(score_color(hit.score)))}score <b>{hit.score:.2f}</b>")
        parts.append(f" · hit {rank}</div>" if rank is not None else "</div>")
        parts.append(_list("Why", [_reason(reason) for reason in hit.reasons]))
    parts.append(_list("What it is", _facts(item)))
    parts.append(_list("What is around it", [_neighbour(near) for near in item.neighbours]))
    return "".join([*parts, "</div>"])


def _facts(item: ObjectCard) -> list[str]:
    """Return the lines of what is known of an object."""
    facts = [
        f"size {' × '.join(f'{side:.2f}' for side in item.box.extent)} m",
        f"centre {', '.join(f'{value:.2f}' for value in item.box.center)} m",
        f"{_swatch(item.color)}{said(item.color)}",
        f"seen {item.observation_count} times, {item.point_count} points",
    ]
    if item.tags:
        facts.append(f"tags: {said(', '.join(item.tags))}")
    if item.note:
        facts.append(f"note: {said(item.note)}")
    facts += [f"{said(str(name))}: {said(str(value))}" for name, value in item.properties.items()]
    return facts


def _reason(reason: Reason) -> str:
    """Return a factor of the score with the distance that was measured."""
    anchors = "".join(f" #{key}" for key in reason.anchor_ids)
    distance = reason.values.get("distance_m")
    measured = f" · {distance:.2f} m apart" if isinstance(distance, float) else ""
    whose = reason.values.get("frame")
    seen = f" · {said(whose)}" if isinstance(whose, str) and whose else ""
    return f"<b>{reason.score:.2f}</b> {said(reason.text)}{anchors}{measured}{seen}"


def _neighbour(near: Neighbour) -> str:
    """Return how an object stands to a neighbour."""
    how = f"{said(', '.join(near.relations))} " if near.relations else ""
    return f"{how}{said(near.label or 'object')} #{near.object_id} · {near.distance_m:.2f} m"


def _list(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    rows = "".join(f"<li>{line}</li>" for line in lines)
    return (
        f'<div style="margin-top:0.5em;{SMALL}">{title}</div>'
        f'<ul style="margin:0;padding-left:1.1em;list-style:disc">{rows}</ul>'
    )


def _swatch(color: str) -> str:
    return (
        f'<span style="display:inline-block;width:0.8em;height:0.8em;border-radius:2px;'
        f'margin-right:0.35em;background:{escape(color)}"></span>'
    )
