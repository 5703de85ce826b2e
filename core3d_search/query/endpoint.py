"""Any OpenAI-compatible endpoint for chat completions, local ones included, with the standard library only."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any, Protocol
from urllib.parse import urlsplit

from core3d_search.errors import InputError

LARGEST_ANSWER = 1_000_000
FAULTS = (InputError, ValueError, KeyError, TypeError, IndexError, RecursionError, OSError, HTTPException)
"""All that a wrong address, a broken connection and an answer of any shape can raise."""


class Cache(Protocol):
    """Checked answers as JSON, by the name of the request: a dict, or `Store.query_readings`."""

    def get(self, request: str, /) -> str | None:
        """Return what was kept, None where there is nothing."""

    def __setitem__(self, request: str, made: str, /) -> None: ...


def check_address(url: str) -> None:
    """Raise InputError for an address that is none of the web."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"an LLM endpoint is an http or https address, got {url!r}")


def complete(url: str, body: str, key: str | None, timeout: float) -> str:
    """Return the text that the endpoint at `url` (the part before "/chat/completions") answers to `body`, JSON.

    `key` is sent as a bearer token; without one $CORE3D_LLM_KEY. Redirects are not followed. Raises one of `FAULTS`.
    """
    headers = {"Content-Type": "application/json"}
    key = (key or os.environ.get("CORE3D_LLM_KEY") or "").strip()
    if key:
        if not (key.isascii() and key.isprintable()):  # http.client would show it in its message
            raise InputError("the key holds characters that no key has")
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url.rstrip("/") + "/chat/completions", body.encode(), headers)
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as response:
        answer: Any = json.loads(response.read(LARGEST_ANSWER))
    content = answer["choices"][0]["message"]["content"]
    if not isinstance(content, str):
        raise InputError(f"the answer is no text but {type(content).__name__}")
    return content


def why(error: Exception) -> str:
    """Return what went wrong, in a few words for people."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the endpoint answered {error.code}"
    if isinstance(error, urllib.error.URLError):
        return f"no answer from the endpoint ({error.reason})"
    if isinstance(error, (KeyError, IndexError, TypeError)):
        return "the answer has not the shape of a chat completion"
    if isinstance(error, json.JSONDecodeError):
        return "the answer is not JSON"
    return str(error) or type(error).__name__


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the key to an address that nobody named."""

    def redirect_request(self, *_: Any) -> None:
        return None
