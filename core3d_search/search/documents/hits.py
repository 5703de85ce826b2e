"""What a search answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core3d_search.search.documents.form import Document, Vector3, Versioned

if TYPE_CHECKING:
    from core3d_search import datatypes
    from core3d_search.search import answers, explanation


@dataclass(frozen=True)
class Box(Document):
    """An oriented box in the scan's own world coordinates."""

    center: Vector3
    """Metres."""
    extent: Vector3
    """Full side lengths in metres, along the box's own axes."""
    rotation: tuple[Vector3, Vector3, Vector3]
    """World from box, row by row: its columns are the box's axes."""

    @classmethod
    def of(cls, box: datatypes.Box3D) -> Box:
        """Return the document of `box`."""
        x, y, z = (vector3(row) for row in box.rotation)
        return cls(vector3(box.center), vector3(box.extent), (x, y, z))


def vector3(values: Iterable[float]) -> Vector3:
    """Return three numbers as plain ones."""
    x, y, z = (float(value) for value in values)
    return x, y, z


@dataclass(frozen=True)
class Reason(Document):
    """One factor of a hit's score."""

    kind: str
    """target, label, attribute, relation, negation, superlative, ..."""
    text: str
    """The factor in words."""
    score: float
    """In [0, 1]; the product over all reasons of a hit is the hit's score."""
    anchor_ids: tuple[int, ...]
    """The objects that it was measured against."""
    values: Mapping[str, float | str]
    """What was measured, units in the keys: distance_m, angle_deg."""

    @classmethod
    def of(cls, reason: datatypes.Reason) -> Reason:
        """Return the document of `reason`."""
        return cls(reason.kind, reason.text, reason.score, reason.anchor_ids, dict(reason.values))


@dataclass(frozen=True)
class Hit(Document):
    """One object that fits, with the reasons for its rank."""

    scene: str
    """Name of the scene."""
    object_id: int
    """Key of the object; it stays when the scene is indexed again."""
    label: str | None
    """Best name, null where none is sure enough."""
    score: float
    """In [0, 1]: the product of the scores of the reasons."""
    similarity: float
    """In [-1, 1]: the cosine of the object's embedding with that of the question."""
    box: Box
    """Where it is."""
    reasons: tuple[Reason, ...]
    """The factors of the score."""

    @classmethod
    def of(cls, hit: datatypes.Hit) -> Hit:
        """Return the document of `hit`."""
        reasons = tuple(Reason.of(reason) for reason in hit.reasons)
        return cls(hit.scene, hit.object_id, hit.label, hit.score, hit.similarity, Box.of(hit.box), reasons)


@dataclass(frozen=True)
class Explanation(Document):
    """How a text was understood."""

    notation: str
    """The exact form, which parses to the same query."""
    certainty: float
    """In [0, 1]: how often readings like it mean the right object."""
    fallback: bool
    """Whether nothing was understood, so that the text as a whole is compared with the objects."""
    unparsed: tuple[str, ...]
    """Content words that were left aside."""
    read_by: str
    """grammar, llm, or cache: what the LLM made of it before."""
    note: str
    """Why it was the grammar where an LLM was asked; else empty."""

    @classmethod
    def of(cls, explanation: explanation.Explanation) -> Explanation:
        """Return the document of `explanation`."""
        return cls(**{**explanation.to_dict(), "unparsed": explanation.query.unparsed})


@dataclass(frozen=True)
class Answer(Document):
    """The answer to a question, in one line."""

    aim: str
    """exists, count, where, most; more, fewer, equal; height, width, length, depth, size or distance."""
    text: str
    """The line."""
    count: int
    """How many objects fit in all scenes asked."""
    counts: Mapping[str, int]
    """How many in each scene asked."""
    most: str | None
    """The scene with the most of them; null where there is none, or several have as many."""

    @classmethod
    def of(cls, answer: answers.Answer) -> Answer:
        """Return the document of `answer`."""
        return cls(answer.query.aim, answer.text, answer.count, answer.counts, answer.most)


@dataclass(frozen=True)
class SearchAnswer(Versioned):
    """Ranked objects, best first."""

    query: str
    """The text that was asked."""
    hits: tuple[Hit, ...]
    """At most k, best first, ties by object_id; empty where none reaches the threshold."""
    offset: int = 0
    """How many better hits were passed over."""
    next_offset: int | None = None
    """The offset of the next page, null where there are no further hits."""
    answer: Answer | None = None
    """To a text that is a question ("is there a stove?"), else null."""
    explanation: Explanation | None = None
    """Where it was asked for."""


@dataclass(frozen=True)
class SearchAnswers(Versioned):
    """The answers to several texts, in their order."""

    answers: Sequence[SearchAnswer]
    """One a text."""


@dataclass(frozen=True)
class Counts(Versioned):
    """How many objects fit a text."""

    query: str
    """The text that was asked."""
    count: int
    """In all scenes asked."""
    counts: Mapping[str, int]
    """In each scene asked, by its name."""
