"""COLMAP reconstructions with depth: its own dense depth maps, or images of a depth camera beside the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.colmap_model import Model, ModelImage, find_model, read_model
from core3d_search.indexer.readers.files import files_under, inside, read_bytes
from core3d_search.indexer.readers.posed_images import FrameParts, PosedImagesReader

DEPTH_FOLDERS = ("depth", "depths", "depth_maps")
SCALE_IMAGES, SCALE_POINTS = 30, 500
"""How many images, and points of each, the scale is measured on."""
LEAST_POINTS = 30


class ColmapReader(PosedImagesReader):
    """Reads `sparse/0/cameras|images|points3D.bin|txt`, `images/`, and depth for each image.

    Depth is `stereo/depth_maps/NAME.geometric.bin` (COLMAP's own, in the model's units) or `depth/STEM.png` (16-bit
    millimetres of a depth camera, in the picture's view). A reconstruction has no scale of its own: `--scale` gives
    metres to the unit; else the depth camera does, by its depths at the sparse points; else a unit is a metre.
    """

    format = "colmap"
    layout = "sparse/0/cameras.bin, images.bin, points3D.bin (or .txt), images/, stereo/depth_maps/ or depth/*.png"

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether a model is there."""
        return find_model(source) is not None

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each image of the model that has depth, in the order of their names."""
        model = self._model
        depths = {image.name: path for image in model.images if (path := self._depth_file(image.name)) is not None}
        if not depths:
            raise InputError(
                f"{self.source} is a COLMAP model without depth: run colmap patch_match_stereo (it writes "
                "stereo/depth_maps/*.geometric.bin), or put 16-bit depth images of a depth camera into depth/"
            )
        scale = self._scale(model, depths)
        lost = next((image for image in model.images if image.camera_id not in model.cameras), None)
        if lost is not None:
            raise InputError(f"{self.source}: image {lost.name} has a camera {lost.camera_id} that the model lacks")
        return [
            FrameParts(
                color=partial(images.read_color, self._picture(image.name)),
                depth=partial(self._read_depth, depths[image.name], scale),
                pose=partial(_scaled_pose, image, 1.0 if self.settings.options.scale else scale),
                camera=model.cameras[image.camera_id],
                where=image.name,
                color_file=self._picture(image.name),
            )
            for image in model.images
            if image.name in depths
        ]

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        folder = find_model(self.source) or self.source
        names = [image.name for image in self._model.images]
        depths = [path for name in names if (path := self._depth_file(name)) is not None]
        parts = (f"{part}{end}" for part in ("cameras", "images", "points3D") for end in (".bin", ".txt"))
        pictures = [self._picture(name) for name in names]
        return files_under(*(folder / part for part in parts), self.source / "scene.json", *pictures, *depths)

    @cached_property
    def _model(self) -> Model:
        folder = find_model(self.source)
        if folder is None:
            raise InputError(f"{self.source} holds no COLMAP model: {self.layout}")
        return read_model(folder)

    def _picture(self, name: str) -> Path:
        safe = inside(name, self.source)
        places = (self.source / "images" / safe, self.source / "dense" / "images" / safe, self.source / safe)
        return next((place for place in places if place.is_file()), places[0])

    def _depth_file(self, name: str) -> Path | None:
        safe = Path(inside(name, self.source))
        own = [self.source / place / "depth_maps" / f"{safe}.geometric.bin" for place in ("stereo", "dense/stereo")]
        beside = [self.source / folder / safe.with_suffix(".png") for folder in DEPTH_FOLDERS]
        return next((path for path in own + beside if path.is_file()), None)

    def _read_depth(self, path: Path, scale: float) -> npt.NDArray[np.float32]:
        if path.suffix == ".bin":
            return images.depth_in_metres(read_depth_map(path), 1 / scale, path)
        return images.read_depth(path, self.units_per_metre)

    def _scale(self, model: Model, depths: dict[str, Path]) -> float:
        """Return metres to the unit of the model: what was said, what the depth camera says, or 1."""
        if self.settings.options.scale:
            return self.settings.options.scale
        measured = [image for image in model.images if depths.get(image.name, Path()).suffix == ".png"]
        ratios: list[npt.NDArray[np.float64]] = []
        for image in measured[:: -(-len(measured) // SCALE_IMAGES) or 1]:
            try:
                ratios.append(_depth_ratios(model, image, images.read_depth(depths[image.name], self.units_per_metre)))
            except InputError:
                continue  # that frame tells its own error when it is read
        found = np.concatenate(ratios) if ratios else np.zeros(0)
        return float(np.median(found)) if len(found) >= LEAST_POINTS else 1.0


def _depth_ratios(model: Model, image: ModelImage, depth: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return measured depth over the depth of the model (N,), at the sparse points that `image` sees."""
    known = [i for i, key in enumerate(image.point_ids.tolist()) if key in model.points][:SCALE_POINTS]
    if not known:
        return np.zeros(0)
    world = np.array([model.points[int(image.point_ids[i])] for i in known])
    camera_from_world = np.linalg.inv(image.world_from_camera)
    modelled = world @ camera_from_world[2, :3] + camera_from_world[2, 3]
    size = model.cameras[image.camera_id].size or depth.shape[::-1]
    columns, rows = ((image.pixels[known] + 0.5) * np.divide(depth.shape[::-1], size)).astype(int).T
    inside_image = (rows >= 0) & (rows < depth.shape[0]) & (columns >= 0) & (columns < depth.shape[1]) & (modelled > 0)
    measured = depth[rows[inside_image], columns[inside_image]]
    return (measured / modelled[inside_image])[measured > 0]


def _scaled_pose(image: ModelImage, scale: float) -> npt.NDArray[np.float64]:
    pose = images.rigid_transform(image.world_from_camera, image.name).copy()
    pose[:3, 3] *= scale
    return pose


def read_depth_map(path: Path) -> npt.NDArray[np.float32]:
    """Return COLMAP's depth map (H, W) in the model's units: `width&height&channels&`, float32 column by column."""
    content = read_bytes(path)
    try:
        width, height, channels, data = content.split(b"&", 3)
        sides = int(width), int(height)
        if int(channels) != 1 or len(data) != 4 * sides[0] * sides[1] or min(sides) <= 0:
            raise ValueError(f"{len(data)} bytes for {sides[0]}x{sides[1]} pixels")
    except ValueError as error:
        raise InputError(f"{path} is no depth map of COLMAP: {error}") from error
    return np.frombuffer(data, "<f4").reshape(sides[1], sides[0])
