"""Decompresses Apple's LZFSE, after looking at what a stream says it will become."""

from __future__ import annotations

import struct
from typing import Any

from core3d_search.errors import InputError, MissingDependencyError

END, RAW, LZVN, FSE_V2 = b"bvx$", b"bvx-", b"bvxn", b"bvx2"
"""The four-byte names of blocks that encoders write (lzfse_internal.h of Apple's reference; bvx1 is never stored)."""


def decompress(stream: bytes, size: int, where: object) -> bytes:
    """Return the `size` bytes that `stream` holds; raises InputError where it holds another number.

    The headers of the blocks are added up first, so that a stream that would fill the memory is refused unread.
    """
    check_declared(stream, size, where)
    module = _library()
    try:
        content: bytes = module.decompress(stream)
    except (module.error, ValueError, MemoryError) as error:
        raise InputError(f"{where}: its LZFSE stream is damaged: {error}") from error
    if len(content) != size:
        raise InputError(f"{where}: {len(content)} bytes where {size} belong")
    return content


def check_declared(stream: bytes, size: int, where: object) -> None:
    """Raise InputError unless the blocks of `stream` say that they become `size` bytes, and could."""
    at, declared = 0, 0
    while stream[at : at + 4] != END:
        name = stream[at : at + 4]
        try:
            if name == RAW:
                (raw,) = struct.unpack_from("<I", stream, at + 4)
                at += 8 + raw
            elif name == LZVN:
                raw, payload = struct.unpack_from("<II", stream, at + 4)
                at += 12 + payload
            elif name == FSE_V2:
                raw, first, second, third = struct.unpack_from("<IQQQ", stream, at + 4)
                literals, literal_bytes, matches = first & 0xFFFFF, first >> 20 & 0xFFFFF, first >> 40 & 0xFFFFF
                if literals > size + 4 or 3 * matches > size + 3:  # a match copies 3 bytes or more
                    raise InputError(f"{where}: its LZFSE stream holds more than the {size} bytes that belong there")
                at += (third & 0xFFFFFFFF) + literal_bytes + (second >> 40 & 0xFFFFF)
            else:
                raise InputError(f"{where}: no LZFSE stream: a block named {name!r} at byte {at}")
        except struct.error as error:
            raise InputError(f"{where}: its LZFSE stream is cut off at byte {at}") from error
        declared += raw
        if declared > size or at > len(stream):
            raise InputError(f"{where}: its LZFSE stream says {declared} bytes by byte {at}; {size} belong there")
    if declared != size:
        raise InputError(f"{where}: its LZFSE stream says {declared} bytes; {size} belong there")


def _library() -> Any:
    try:
        import lzfse  # type: ignore[import-untyped]

        return lzfse
    except ModuleNotFoundError as error:
        raise MissingDependencyError("Record3D's depth needs the package 'lzfse': pip install lzfse") from error
