"""Polycam's raw export (developer mode): keyframes with images, depth, confidence and cameras."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import files_under, read_json_object
from core3d_search.indexer.readers.posed_images import Camera, FrameParts, PosedImagesReader

LEAST_CONFIDENCE = 1
"""Confidence images hold 0 where depth is a guess, and two higher values above it."""


class PolycamReader(PosedImagesReader):
    """Reads `keyframes/images/*.jpg`, `depth/*.png` (millimetres), `cameras/*.json`, `confidence/*.png`.

    The corrected cameras and images, which Polycam writes once it has optimised the poses, are taken where they are.
    `t_00` to `t_23` are camera-to-world row by row with ARKit's axes: the camera looks along -z, world y is up.
    """

    format = "polycam"
    layout = "keyframes/images/0.jpg, keyframes/depth/0.png, keyframes/cameras/0.json (or corrected_images, _cameras)"
    usual_axes = "opengl"
    usual_up = (0.0, 1.0, 0.0)

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether there are keyframes with cameras."""
        keyframes = source / "keyframes"
        return any((keyframes / name).is_dir() for name in ("cameras", "corrected_cameras"))

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each camera, in the order of their names (times)."""
        depth, confidence = (self.source / "keyframes" / name for name in ("depth", "confidence"))
        if not depth.is_dir():
            raise InputError(
                f"{self.source} is a Polycam export without keyframes/depth: scan with LiDAR and export the raw data"
            )
        pictures, cameras = self._folders()
        return [
            FrameParts(
                color=partial(images.read_color, pictures / f"{file.stem}.jpg"),
                depth=partial(images.read_depth, depth / f"{file.stem}.png", self.units_per_metre),
                pose=partial(_pose, file),
                camera=partial(_camera, file),
                confident=partial(images.read_confidence, mask, LEAST_CONFIDENCE)
                if (mask := confidence / f"{file.stem}.png").is_file()
                else None,
                where=str(file),
                color_file=pictures / f"{file.stem}.jpg",
            )
            for file in sorted(files_under(cameras), key=lambda file: (len(file.stem), file.stem))
            if file.suffix == ".json"
        ]

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        keyframes = self.source / "keyframes"
        return files_under(*self._folders(), keyframes / "depth", keyframes / "confidence", self.source / "scene.json")

    def _folders(self) -> tuple[Path, Path]:
        keyframes = self.source / "keyframes"
        corrected = keyframes / "corrected_images", keyframes / "corrected_cameras"
        return corrected if all(f.is_dir() for f in corrected) else (keyframes / "images", keyframes / "cameras")


def _camera(file: Path) -> Camera:
    values = read_json_object(file)
    try:
        fx, fy, cx, cy = (float(values[key]) for key in ("fx", "fy", "cx", "cy"))
        size = int(values["width"]), int(values["height"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{file} must hold the numbers fx, fy, cx, cy, width and height") from error
    if min(size) <= 0:
        raise InputError(f"{file}: an image of {size[0]}x{size[1]} pixels cannot be")
    return Camera(images.pinhole(fx, fy, cx, cy, file), size)


def _pose(file: Path) -> npt.NDArray[np.float64]:
    values, pose = read_json_object(file), np.eye(4)
    try:
        pose[:3] = [[float(values[f"t_{row}{column}"]) for column in range(4)] for row in range(3)]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{file} must hold the numbers t_00 to t_23") from error
    return images.rigid_transform(pose, file)
