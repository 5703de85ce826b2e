"""What may be asked: the bodies of HTTP requests, and how the command line and agents ask the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval, Len, MaxLen

from core3d_search.search.documents.form import Request
from core3d_search.search.scoring import THRESHOLD

LONGEST_TEXT = 1000
"""Characters of a question; the longest that people ask have some 200."""
MOST_HITS = 1000
LAST_OFFSET = 100_000

Text = Annotated[str, MaxLen(LONGEST_TEXT)]
Names = Annotated[list[Annotated[str, MaxLen(255)]], MaxLen(1000)]
Fraction = Annotated[float, Interval(ge=0, le=1)]
Coordinate = Annotated[float, Interval(ge=-1e9, le=1e9)]
Key = Annotated[int, Interval(ge=1, le=2**63 - 1)]


@dataclass(frozen=True)
class SearchRequest(Request):
    """A question: a text, an object that others look like (`like`), an image beside the request, or several of them."""

    text: Text = ""
    """What to find, "red chair near window"; beside `like` or an image it refines: "but red"."""
    k: Annotated[int, Interval(ge=1, le=MOST_HITS)] = 10
    """At most this many hits."""
    offset: Annotated[int, Interval(ge=0, le=LAST_OFFSET)] = 0
    """How many of the best hits to pass over: next_offset of the page before."""
    scenes: Names | None = None
    """Only these scenes; null asks all."""
    like: Key | None = None
    """Find what looks like this object."""
    label: Annotated[str, MaxLen(255)] | None = None
    """Only objects with this label."""
    tag: Annotated[str, Len(1, 64)] | None = None
    """Only objects that bear this tag, or whose scene does."""
    min_size: Annotated[float, Interval(ge=0, le=1e9)] | None = None
    """Only boxes whose longest side is at least this, metres."""
    within: tuple[Coordinate, Coordinate, Coordinate, Annotated[float, Interval(gt=0, le=1e9)]] | None = None
    """x, y, z, radius: only centres within the radius, metres, in the scan's own coordinates."""
    relation_frame: Literal["viewer", "anchor", "room"] | None = None
    """Whose left, right, front and behind are meant; null: as the text says, else the viewer's."""
    per_scene: bool = False
    """Take "the largest" of each scene, not of all."""
    threshold: Fraction = THRESHOLD
    """The least score of a hit; 0 also gives near misses."""
    explain: bool = False
    """Say how the text was understood."""


@dataclass(frozen=True)
class CountRequest(Request):
    """What to count."""

    text: Annotated[str, Len(1, LONGEST_TEXT)]
    """"chairs near a window"."""
    scenes: Names | None = None
    """Only these scenes; null asks all."""
    threshold: Fraction = THRESHOLD
    """The least score that counts."""


@dataclass(frozen=True)
class SegmentRequest(Request):
    """Classes to choose from for each object of a scene."""

    classes: Annotated[list[Annotated[str, Len(1, 255)]], Len(1, 1000)]
    """Their names, in one's own words."""


@dataclass(frozen=True)
class TagsRequest(Request):
    """All tags of an object, in place of those it has."""

    tags: Annotated[list[Annotated[str, Len(1, 64)]], MaxLen(100)]
    """Without commas; upper case becomes lower case."""


@dataclass(frozen=True)
class IndexRequest(Request):
    """What to index; see core3d index --help."""

    path: Annotated[str, Len(1, 1024)]
    """A folder of scenes, or one scene: below the root that core3d serve was given, relative to it."""
    profile: Annotated[str, MaxLen(64)] | None = None
    """Named settings; null takes the best that is here."""
    settings: Annotated[list[Annotated[str, MaxLen(255)]], MaxLen(50)] | None = None
    """Any settings, KEY=VALUE: fusion.gamma=0.25. The options of models, which may name files, are refused."""
    format: Annotated[str, MaxLen(64)] | None = None
    """Forces a reader."""
    force: bool = False
    """Index again what has not changed."""
