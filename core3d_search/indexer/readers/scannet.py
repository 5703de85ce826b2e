"""ScanNet scenes as its own exporter unpacks them: color/, depth/, pose/, intrinsic/."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import files_under, numbered, read_text
from core3d_search.indexer.readers.posed_images import NO_POSES, Camera, FrameParts, PosedImagesReader

Floats = npt.NDArray[np.float64]


class ScannetReader(PosedImagesReader):
    """Reads `color/N.jpg`, `depth/N.png` (millimetres), `pose/N.txt`, `intrinsic/intrinsic_color.txt` and `_depth.txt`.

    `<scan>.txt` beside them (or one folder up) may hold `axisAlignment`, which turns the walls along the axes. Colour
    and depth have cameras of their own in one place. A lost camera's pose is -inf: that frame is skipped.
    """

    format = "scannet"
    layout = "color/0.jpg, depth/0.png, pose/0.txt, intrinsic/intrinsic_color.txt, intrinsic/intrinsic_depth.txt"
    usual_up = (0.0, 0.0, 1.0)  # the floor of every ScanNet scene lies along x and y

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether the exporter's folders are there."""
        return all((source / part).is_dir() for part in ("color", "depth", "intrinsic"))

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each colour image."""
        if not self.estimates_poses and not (self.source / "pose").is_dir():
            raise InputError(
                f"{self.source} is an exported ScanNet scene without pose/: export the poses as well; {NO_POSES}"
            )
        color_camera = Camera(read_intrinsics_4x4(self._intrinsic("intrinsic_color.txt")))
        depth_camera = Camera(read_intrinsics_4x4(self._intrinsic("intrinsic_depth.txt")))
        aligned = read_axis_alignment(self.source)
        return [
            FrameParts(
                color=partial(images.read_color, color),
                depth=partial(images.read_depth, self.source / "depth" / f"{color.stem}.png", self.units_per_metre),
                pose=partial(_aligned_pose, aligned, self.source / "pose" / f"{color.stem}.txt"),
                camera=color_camera,
                depth_camera=depth_camera,
                where=str(color),
            )
            for color in numbered(files_under(self.source / "color")).values()
        ]

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        described = axis_alignment_file(self.source)
        parts = [self.source / part for part in ("color", "depth", "pose", "intrinsic", "scene.json")]
        return files_under(*parts) + ([described] if described else [])

    def _intrinsic(self, name: str) -> Path:
        return self.source / "intrinsic" / name


def read_intrinsics_4x4(path: Path) -> Floats:
    """Return the (3, 3) pinhole matrix of a 4x4 text file; raises InputError."""
    matrix = images.read_matrix(path, 4)
    return images.pinhole(matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], path)


def axis_alignment_file(source: Path) -> Path | None:
    """Return the `<scan>.txt` of the scene in or at `source`, None where there is none.

    It is named after the folder (or file), or after the folder above, and stands in or beside it.
    """
    names = (source.stem, source.parent.name)
    places = [folder / f"{name}.txt" for folder in (source, source.parent) for name in names]
    return next((place for place in places if place.is_file()), None)


def read_axis_alignment(source: Path) -> Floats:
    """Return aligned_from_scan (4, 4) of the scene's `<scan>.txt`, else the identity; raises InputError."""
    path = axis_alignment_file(source)
    for line in read_text(path).splitlines() if path else ():
        key, _, value = line.partition("=")
        if key.strip() == "axisAlignment":
            try:
                matrix = np.array(value.split(), np.float64).reshape(4, 4)
            except ValueError as error:
                raise InputError(f"{path}: axisAlignment must be sixteen numbers: {error}") from error
            return images.rigid_transform(matrix, f"{path}: axisAlignment")
    return np.eye(4)


def _aligned_pose(aligned: Floats, path: Path) -> Floats:
    return aligned @ images.read_rigid_transform(path)
