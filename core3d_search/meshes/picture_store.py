"""Pictures that are asked for again later, packed, within a stated memory."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.meshes.rendering import Picture

MAX_BYTES = 512 << 20
"""What is kept at most; a picture of a single thing packs to about 50 kB. Later ones are then made anew."""

Packed = tuple[bytes, str, tuple[int, ...]]


class PictureStore:
    """Pictures by number, as bytes that zlib has packed: single things stand before an even background."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._left = max_bytes
        self._packed: dict[int, tuple[Packed, Packed, Packed]] = {}

    def get(self, number: int) -> Picture | None:
        """Return the picture that was kept under `number`, None where there is none."""
        if number not in self._packed:
            return None
        rgb, depth, node = map(_unpacked, self._packed[number])
        return Picture(rgb, depth, node)

    def put(self, number: int, picture: Picture) -> None:
        """Keep a picture, while there is room."""
        packed = _packed(picture.rgb), _packed(picture.depth), _packed(picture.node)
        size = sum(len(part[0]) for part in packed)
        if size <= self._left:
            self._left -= size
            self._packed[number] = packed


def _packed(array: npt.NDArray[Any]) -> Packed:
    return zlib.compress(np.ascontiguousarray(array).tobytes(), 1), array.dtype.str, array.shape


def _unpacked(packed: Packed) -> npt.NDArray[Any]:
    content, dtype, shape = packed
    return np.frombuffer(zlib.decompress(content), np.dtype(dtype)).reshape(shape)
