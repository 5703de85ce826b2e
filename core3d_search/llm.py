"""An optional parser: any OpenAI-compatible endpoint, local ones included, reads the text instead of the grammar.

    parser = LlmParser("http://localhost:11434/v1", "qwen3:8b")
    reading = parser.parse("the thing you would put a mug on")
    reading.query, reading.by, reading.note

The endpoint sees the text and the names of the vocabulary, nothing of any scene. Its answer is checked against the
Query type; whatever goes wrong, the grammar reads the text and `note` says why. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import urllib.error
import urllib.request
from collections.abc import Collection, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from core3d_search.errors import InputError
from core3d_search.query import Query, parse
from core3d_search.query.lexicon import ORDER_NAMES, PREDICATE_NAMES
from core3d_search.query.plain import from_plain, schema

_LARGEST_ANSWER = 1_000_000
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

    `key` is sent as a bearer token; without one $CORE3D_LLM_KEY. `timeout` in seconds. `cache` keeps answers by a hash
    of model and text: any mapping of texts.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 20.0
    cache: MutableMapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise InputError(f"an LLM endpoint is an http or https address, got {self.url!r}")

    def parse(self, text: str, vocabulary: Collection[str] = (), scenes: Collection[str] = ()) -> Reading:
        """Return the model's reading of `text`, else the grammar's; never raises on what the endpoint does."""
        name = hashlib.sha256(f"{self.url}\0{self.model}\0{text}".encode("utf-8", "replace")).hexdigest()
        try:
            kept = self.cache.get(name)
            if kept is not None:
                return Reading(from_plain(json.loads(kept), text), "cache")
            answer = self._ask(text)
            query = from_plain(json.loads(answer), text)
        except (InputError, ValueError, KeyError, TypeError, IndexError, OSError) as error:
            return Reading(parse(text, vocabulary, scenes), "grammar", f"LLM parser not used: {_why(error)}")
        self.cache[name] = answer
        return Reading(query, "llm")

    def _ask(self, text: str) -> str:
        body = {
            "model": self.model,
            "temperature": 0,
            "messages": [
                {
                    "role": "system",
                    "content": _INSTRUCTION.format(
                        predicates=", ".join(PREDICATE_NAMES), orders=", ".join(ORDER_NAMES)
                    ),
                },
                {"role": "user", "content": text[:_LONGEST_TEXT]},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "query", "strict": True, "schema": schema()},
            },
        }
        headers = {"Content-Type": "application/json"}
        key = self.key or os.environ.get("CORE3D_LLM_KEY")
        if key:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url.rstrip("/") + "/chat/completions", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=self.timeout) as response:
            answer: Any = json.loads(response.read(_LARGEST_ANSWER))
        content = answer["choices"][0]["message"]["content"]
        if not isinstance(content, str):
            raise InputError(f"the answer is no text but {type(content).__name__}")
        return content


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the endpoint answered {error.code}"
    if isinstance(error, (KeyError, IndexError, TypeError)):
        return "the answer has not the shape of a chat completion"
    if isinstance(error, json.JSONDecodeError):
        return "the answer is not JSON"
    return str(error) or type(error).__name__
