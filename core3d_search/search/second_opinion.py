"""A second opinion on hits: a vision model looks at the picture of each and says whether it is what was asked for.

    opinion = SecondOpinion("http://localhost:11434/v1", "qwen3-vl:8b", cache=searcher.store.query_readings)
    judged = opinion.judge("red chair near window", hits, lambda hit: view_of(searcher.store, hit))

Any OpenAI-compatible endpoint that takes pictures will do. What it says becomes a reason of the kind "opinion", a
factor like the others; whatever goes wrong, hits stay as they were and `note` says why. It sees the text and the
pictures, nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit, Reason
from core3d_search.errors import Core3DError, InputError
from core3d_search.query.endpoint import FAULTS, Cache, check_address, complete, why
from core3d_search.search.scoring import POWERS, weighted
from core3d_search.search.ties import order

Picture = npt.NDArray[np.uint8]
MOST_JUDGED = 5
FLOOR = 0.3
"""The probability that a sure model leaves to what it denies: it sees one picture, and may err."""
LARGEST_SIDE_PX, JPEG_QUALITY = 768, 85
LONGEST_WHY = 200
_INSTRUCTION = """You see one object of a 3D scan, framed by the edges of its box, and what stands around it. Say
whether this object, not another one in the picture, is what somebody searches for who says the words below. Relations
to things outside the picture count as fulfilled. Answer in JSON: match, confidence from 0 to 1, why in a few words."""
_SCHEMA = {
    "type": "object",
    "properties": {"match": {"type": "boolean"}, "confidence": {"type": "number"}, "why": {"type": "string"}},
    "required": ["match", "confidence", "why"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Opinion:
    """What the model says of one hit: whether it is meant, how sure it is in [0, 1], and why."""

    match: bool
    confidence: float
    why: str

    @property
    def factor(self) -> float:
        """What the opinion leaves of a score (scoring.py): 1 for a sure yes, least for a sure no, in between where it
        doubts."""
        likely = self.confidence if self.match else 1.0 - self.confidence
        return float(weighted("opinion", np.array(FLOOR + (1.0 - FLOOR) * likely), POWERS))


@dataclass(frozen=True, eq=False)
class Judged:
    """Hits in their new order, what was said of each (by object id), and `note`, why some were not judged."""

    hits: tuple[Hit, ...]
    opinions: dict[int, Opinion] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class SecondOpinion:
    """Asks `model` at `url` (the part before "/chat/completions") about the first `most` hits.

    `key` is sent as a bearer token; without one $CORE3D_LLM_KEY. `timeout` in seconds for each picture. `cache` keeps
    opinions by a hash of address, text and picture.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    most: int = MOST_JUDGED
    cache: Cache = field(default_factory=dict[str, str], repr=False, compare=False)

    def __post_init__(self) -> None:
        check_address(self.url)

    def judge(
        self, text: str, hits: Sequence[Hit], picture: Callable[[Hit], Picture], threshold: float = 0.0
    ) -> Judged:
        """Return `hits` with opinions on the first of them, in the order of the new scores, none below `threshold`.

        `picture` gives the (H, W, 3) uint8 RGB of a hit, or raises Core3DError where there is none. Once the endpoint
        fails it is not asked again, and all hits stay as they were. Never raises on what it does.
        """
        opinions: dict[int, Opinion] = {}
        notes: list[str] = []
        for hit in hits[: self.most]:
            try:
                shown = picture(hit)
            except Core3DError as error:
                notes.append(f"no picture of #{hit.object_id}: {error}")
                continue
            try:
                opinions[hit.object_id] = self._opinion(text, shown)
            except FAULTS as error:
                return Judged(tuple(hits), {}, f"no second opinion: {why(error)}")
        judged = [_with_opinion(hit, opinions.get(hit.object_id)) for hit in hits]
        kept = sorted((hit for hit in judged if hit.score >= threshold), key=order)
        asked = len(hits[: self.most])
        note = f"second opinion on {len(opinions)} of {asked} hits: {'; '.join(notes)}" if notes else ""
        return Judged(tuple(kept), opinions, note)

    def _opinion(self, text: str, picture: Picture) -> Opinion:
        body = self._request(text, picture)
        name = hashlib.sha256(f"{self.url}\n{body}".encode("utf-8", "replace")).hexdigest()
        kept = self.cache.get(name)
        if kept is not None:
            try:
                return _checked(kept)
            except FAULTS:  # a damaged one is as good as none
                pass
        answer = complete(self.url, body, self.key, self.timeout)
        opinion = _checked(answer)
        self.cache[name] = json.dumps(vars(opinion), ensure_ascii=False)
        return opinion

    def _request(self, text: str, picture: Picture) -> str:
        url = "data:image/jpeg;base64," + base64.b64encode(_jpeg(picture)).decode()
        seen = [{"type": "text", "text": text.strip()}, {"type": "image_url", "image_url": {"url": url}}]
        body = {
            "model": self.model,
            "temperature": 0,
            "messages": [{"role": "system", "content": _INSTRUCTION}, {"role": "user", "content": seen}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "opinion", "strict": True, "schema": _SCHEMA},
            },
        }
        return json.dumps(body)


def _with_opinion(hit: Hit, opinion: Opinion | None) -> Hit:
    if opinion is None:
        return hit
    said = f"the model sees {'it' if opinion.match else 'something else'}: {opinion.why}"
    reason = Reason("opinion", said, opinion.factor, values={"confidence": round(opinion.confidence, 3)})
    told = tuple(reason for reason in hit.reasons if reason.kind != "tie")  # the order may be another now
    return replace(hit, score=hit.score * opinion.factor, reasons=(*told, reason))


def _checked(answer: str) -> Opinion:
    """Return the opinion that an answer in JSON holds; raises one of `FAULTS`."""
    data: Any = json.loads(answer)
    if not isinstance(data, dict) or not isinstance(data.get("match"), bool):
        raise InputError("the answer does not say whether it is a match")
    confidence, said = data.get("confidence"), data.get("why", "")
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 <= confidence <= 1:
        raise InputError(f"confidence must be a number from 0 to 1, got {confidence!r}")
    said = " ".join(str(said).split())[:LONGEST_WHY]
    said.encode()  # refuses half characters, which neither a database nor a terminal takes
    return Opinion(data["match"], float(confidence), said)


def _jpeg(picture: Picture) -> bytes:
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((LARGEST_SIDE_PX, LARGEST_SIDE_PX))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=JPEG_QUALITY)
    return written.getvalue()
