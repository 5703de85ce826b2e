"""An optional parser: any OpenAI-compatible endpoint, local ones included, reads the text instead of the grammar.

    with Searcher.open("core3d.db", llm=LlmParser("http://localhost:11434/v1", "qwen3:8b")) as searcher:
        searcher.search("the thing you would put a mug on")

The endpoint sees the text, without the name of a scene, and the names of the vocabulary; nothing of any scene. Its
answer is checked against the Query type; whatever goes wrong, the grammar reads the text and `note` says why. Standard
library only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from core3d_search.errors import InputError
from core3d_search.query import Phrase, Query, parse
from core3d_search.query.endpoint import FAULTS, Cache, check_address, complete, why
from core3d_search.query.grammar import split_scene
from core3d_search.query.lexicon import ORDER_NAMES, PREDICATE_NAMES
from core3d_search.query.notation import looks_exact
from core3d_search.query.plain import from_plain, schema, to_plain

_LONGEST_TEXT = 2000
_INSTRUCTION = """Translate a request for objects in a 3D scan of a room into JSON. Do not answer it.
The target is what is asked for. Relations hold between the target and its anchors; anchors are phrases with relations
of their own. Predicates: {predicates}. Orders pick one among several, rank 1 is the first: {orders}.
"with" is for what an object carries or contains; "between" has two anchors. Nouns are singular, without adjectives.
The viewpoint is where the speaker says to stand and to look. Leave out what is not said."""


@dataclass(frozen=True)
class Reading:
    """A query and who read it: `by` the llm, the cache of its answers, or the grammar; `note` says why the grammar."""

    query: Query
    by: Literal["llm", "cache", "grammar"]
    note: str = ""


@dataclass(frozen=True)
class LlmParser:
    """Reads texts with `model` at `url` (the part before "/chat/completions"), http or https.

    `key` is sent as a bearer token; without one $CORE3D_LLM_KEY. `timeout` in seconds. `cache` keeps checked answers by
    a hash of address and request; a Searcher puts its database here.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 20.0
    cache: Cache = field(default_factory=dict[str, str], repr=False, compare=False)

    def __post_init__(self) -> None:
        check_address(self.url)

    def parse(self, text: str, vocabulary: Collection[str] = (), scenes: Collection[str] = ()) -> Reading:
        """Return the model's reading of `text`, else the grammar's; never raises on what the endpoint does.

        The exact notation, and which scene is meant, are the grammar's alone: `vocabulary` and `scenes` stay here.
        """
        if looks_exact(text):
            return Reading(parse(text), "grammar")
        scene, words = split_scene(text, scenes)
        body = self._request(words)
        name = hashlib.sha256(f"{self.url}\n{body}".encode("utf-8", "replace")).hexdigest()
        kept = self.cache.get(name)
        if kept is not None:
            with suppress(*FAULTS):  # a damaged one is as good as none
                return Reading(replace(_checked(kept), text=text, scene=scene), "cache")
        try:
            query = _checked(complete(self.url, body, self.key, self.timeout))
        except FAULTS as error:
            return Reading(parse(text, vocabulary, scenes), "grammar", f"LLM parser not used: {why(error)}")
        self.cache[name] = _written(query)
        return Reading(replace(query, text=text, scene=scene), "llm")

    def _request(self, words: str) -> str:
        instruction = _INSTRUCTION.format(predicates=", ".join(PREDICATE_NAMES), orders=", ".join(ORDER_NAMES))
        body = {
            "model": self.model,
            "temperature": 0,
            "messages": [
                {"role": "system", "content": instruction},
                {"role": "user", "content": words.strip()[:_LONGEST_TEXT]},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "query", "strict": True, "schema": schema()},
            },
        }
        return json.dumps(body)


def _checked(answer: str) -> Query:
    """Return the query that an answer in JSON describes; raises one of `FAULTS`."""
    query = from_plain(json.loads(answer))
    if query.target == Phrase():
        raise InputError("the answer names no target")
    _written(query).encode()  # refuses half characters, which neither a database nor a terminal takes
    return query


def _written(query: Query) -> str:
    return json.dumps(to_plain(query), ensure_ascii=False)
