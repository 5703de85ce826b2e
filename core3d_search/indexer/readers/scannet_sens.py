"""ScanNet's `.sens` files: a whole scan in one file, read frame by frame where it lies."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import MAX_IMAGE_BYTES, files_under, require_file
from core3d_search.indexer.readers.posed_images import Camera, FrameParts, PosedImagesReader
from core3d_search.indexer.readers.scannet import axis_alignment_file, read_axis_alignment

VERSION = 4
"""The version of every published file (ScanNet, SensReader/c++/src/sensorData.h)."""
COLOR_COMPRESSION = {1: "png", 2: "jpeg"}
DEPTH_RAW, DEPTH_ZLIB = 0, 1
MAX_SIDE = 1 << 14


class SensReader(PosedImagesReader):
    """Reads `scene0000_00.sens`: little-endian header, then for each frame pose, times, JPEG and zlib 16-bit depth.

    Only where each frame begins is kept in memory. `<scan>.txt` beside it may hold `axisAlignment`.
    """

    format = "sens"
    layout = "scene0000_00.sens, and scene0000_00.txt beside it for the axis alignment"
    suffixes = (".sens",)
    usual_up = (0.0, 0.0, 1.0)

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether `source` is such a file, by its ending."""
        return source.suffix.lower() == ".sens" and source.is_file()

    def list_frames(self) -> Sequence[FrameParts]:
        """Return the frames in their order; the file is walked once, without reading an image."""
        size = require_file(self.source)
        aligned = read_axis_alignment(self.source)
        try:
            with self.source.open("rb") as file:
                header = read_header(file, self.source)
                starts = frame_starts(file, header, size, self.source)
        except OSError as error:
            raise InputError(f"{self.source} cannot be read: {error.strerror or error}") from error
        units = self.units_per_metre = self.settings.units_per_metre(header.depth_shift)
        return [
            FrameParts(
                color=partial(_color, self.source, start),
                depth=partial(_depth, self.source, start, header, units, number),
                pose=partial(_pose, aligned, start, f"{self.source}, frame {number}"),
                camera=header.color,
                depth_camera=header.depth,
                where=f"{self.source}, frame {number}",
            )
            for number, start in enumerate(starts)
        ]

    def files(self) -> list[Path]:
        """Return the file, and the one that holds its axis alignment."""
        described = axis_alignment_file(self.source)
        return files_under(self.source) + ([described] if described else [])


@dataclass(frozen=True, eq=False)
class Header:
    """What stands before the first frame."""

    color: Camera
    depth: Camera
    color_compression: int
    depth_compression: int
    depth_shift: float
    frame_count: int


@dataclass(frozen=True, eq=False)
class FrameStart:
    """One frame's camera-to-world (4, 4), and where its two images lie in the file, in bytes."""

    pose: npt.NDArray[np.float64]
    color_at: int
    color_size: int
    depth_size: int


def read_header(file: BinaryIO, where: Path) -> Header:
    """Return the header; raises InputError for what is no such file or compressed in another way."""
    version, name_length = _unpack(file, "<IQ", where)
    if version != VERSION or name_length > 4096:
        raise InputError(f"{where} is no .sens file of version {VERSION} (found {version})")
    _bytes(file, name_length, where)
    color, _, depth, _ = (np.reshape(_unpack(file, "<16f", where), (4, 4)).astype(np.float64) for _ in range(4))
    color_kind, depth_kind, *sizes = _unpack(file, "<ii4I", where)
    depth_shift, frame_count = _unpack(file, "<fQ", where)
    if color_kind not in COLOR_COMPRESSION or depth_kind not in (DEPTH_RAW, DEPTH_ZLIB):
        raise InputError(
            f"{where}: colour compression {color_kind}, depth compression {depth_kind} are not read; "
            "export the scan to color/, depth/, pose/, intrinsic/ with ScanNet's SensReader"
        )
    if not all(0 < side <= MAX_SIDE for side in sizes) or not 0 < depth_shift < float("inf"):
        raise InputError(f"{where}: images of {sizes} pixels with {depth_shift} units to the metre cannot be")
    cameras = [
        Camera(images.pinhole(m[0, 0], m[1, 1], m[0, 2], m[1, 2], where), (width, height))
        for m, width, height in ((color, *sizes[:2]), (depth, *sizes[2:]))
    ]
    return Header(cameras[0], cameras[1], color_kind, depth_kind, depth_shift, frame_count)


def frame_starts(file: BinaryIO, header: Header, size: int, where: Path) -> list[FrameStart]:
    """Return where each frame lies; raises InputError where the first is cut off, and ends before a later one."""
    starts: list[FrameStart] = []
    while len(starts) < header.frame_count and file.tell() + 96 <= size:
        values = _unpack(file, "<16f4Q", where)
        color_size, depth_size = values[18:]
        at = file.tell()
        if at + color_size + depth_size > size:
            break
        starts.append(FrameStart(np.reshape(values[:16], (4, 4)).astype(np.float64), at, color_size, depth_size))
        file.seek(color_size + depth_size, io.SEEK_CUR)
    if not starts and header.frame_count:
        raise InputError(f"{where} is cut off before its first of {header.frame_count} frames ends")
    return starts


def _color(path: Path, start: FrameStart) -> npt.NDArray[np.uint8]:
    return images.decode_color(_slice(path, start.color_at, start.color_size), path)


def _depth(path: Path, start: FrameStart, header: Header, units: float, number: int) -> npt.NDArray[np.float32]:
    where = f"{path}, frame {number}"
    stored = _slice(path, start.color_at + start.color_size, start.depth_size)
    width, height = header.depth.size or (0, 0)
    if header.depth_compression == DEPTH_ZLIB:
        try:
            stored = zlib.decompressobj().decompress(stored, 2 * width * height)  # no more than the image can hold
        except zlib.error as error:
            raise InputError(f"{where}: its depth cannot be decompressed: {error}") from error
    if len(stored) != 2 * width * height:
        raise InputError(f"{where}: its depth has {len(stored)} bytes, not those of {width}x{height} pixels")
    return images.depth_in_metres(np.frombuffer(stored, "<u2").reshape(height, width), units, where)


def _pose(aligned: npt.NDArray[np.float64], start: FrameStart, where: str) -> npt.NDArray[np.float64]:
    return aligned @ images.rigid_transform(start.pose, where)


def _slice(path: Path, at: int, size: int) -> bytes:
    if size > MAX_IMAGE_BYTES:
        raise InputError(f"{path}: an image of {size} bytes at byte {at}; at most {MAX_IMAGE_BYTES} are read of one")
    try:
        with path.open("rb") as file:
            file.seek(at)
            return file.read(size)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _unpack(file: BinaryIO, layout: str, where: Path) -> tuple[Any, ...]:
    return struct.unpack(layout, _bytes(file, struct.calcsize(layout), where))


def _bytes(file: BinaryIO, count: int, where: Path) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise InputError(f"{where} is cut off at byte {file.tell()}")
    return content
