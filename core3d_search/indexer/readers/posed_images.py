"""What most formats come down to: a list of frames, each a colour image, a depth image, a pose and a camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.frames import AS_STORED, Frame, ReadOptions
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import File
from core3d_search.indexer.readers.lens import Lens, undistorted
from core3d_search.indexer.readers.settings import settings_of

if TYPE_CHECKING:
    from core3d_search.indexer.poses.estimate import EstimatedPoses

Floats = npt.NDArray[np.float64]
NO_POSES = "if there are none, --estimate-poses finds them from colour and depth"
FAR_M = 10_000.0
"""Metres from zero beyond which a scan gets an origin of its own: there 32-bit floats step by a millimetre."""
STRAY_M, STRAY_TIMES = 1000.0, 50.0
"""A camera farther from the middle than both (metres, times the median distance) was not placed by its tracker."""
SAMPLED_POSES = 500


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole `intrinsics` (3, 3) in pixels, centred on whole numbers, for images of `size` (width, height).

    `size` None: of whatever size the image has. `lens` None: nothing to undo.
    """

    intrinsics: Floats
    size: tuple[int, int] | None = None
    lens: Lens | None = None

    def fitted(self, width: int, height: int, where: str) -> Floats:
        """Return the intrinsics for the same view in another size; raises InputError where the shapes differ."""
        if self.size is None or self.size == (width, height):
            return self.intrinsics
        across, down = width / self.size[0], height / self.size[1]
        if abs(across - down) > 0.02 * across:
            raise InputError(
                f"{where}: the image has {width}x{height} pixels, its camera {self.size[0]}x{self.size[1]}"
            )
        new_from_old = np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
        return new_from_old @ self.intrinsics


@dataclass(frozen=True, eq=False)
class FrameParts:
    """How the parts of one frame are read; each call raises InputError that names its file.

    `color` gives (H, W, 3) uint8, `depth` (h, w) float32 metres, `pose` the stored (4, 4). `depth_camera` is given
    where depth has a field of view of its own, from the same place; else it shows what colour shows. `confident`
    gives (h, w) bool, which depths to keep. `where` names the frame in messages about its parts together. `color_file`
    is given where colour is an image file whose orientation tag may have to be followed (images.like_depth).
    """

    color: Callable[[], npt.NDArray[np.uint8]]
    depth: Callable[[], npt.NDArray[np.float32]]
    pose: Callable[[], Floats]
    camera: Camera | Callable[[], Camera]
    where: str
    depth_camera: Camera | None = None
    confident: Callable[[], npt.NDArray[np.bool_]] | None = None
    color_file: File | None = None


class PosedImagesReader:
    """A reader whose scenes are lists of `FrameParts`; a format says where its parts are by `list_frames`.

    `usual_*` are the format's own conventions, which `ReadOptions` may overrule.
    """

    format: str
    layout: str
    suffixes: tuple[str, ...] = ()
    usual_depth_scale = 1000.0
    usual_axes = "opencv"
    usual_up: tuple[float, float, float] | None = None

    def __init__(self, source: Path, options: ReadOptions) -> None:
        self.source, self.options = source.resolve(), options
        self._found: EstimatedPoses | None = None
        self.settings = settings_of(source, options)
        self.name = self.settings.name
        self.units_per_metre = self.settings.units_per_metre(self.usual_depth_scale)
        self.frames: Sequence[FrameParts] = self.list_frames()
        if not self.frames:
            raise InputError(
                f"{source} looks like a scene of the format {self.format!r} but holds no frame: {self.layout}"
            )

    @classmethod
    def open(cls, source: Path, options: ReadOptions = AS_STORED) -> PosedImagesReader:
        """Return the scene at `source`; raises InputError."""
        return cls(source, options)

    def list_frames(self) -> Sequence[FrameParts]:
        """Return the frames in their order; raises InputError that says what is missing."""
        raise NotImplementedError

    @property
    def up(self) -> Floats | None:
        """The unit direction against gravity in world coordinates, (3,), None where nobody says."""
        said = self.settings.up
        if self.estimates_poses:  # they begin at the first camera, wherever the format's up would be
            return said
        return np.asarray(self.usual_up, np.float64) if said is None and self.usual_up else said

    @property
    def estimates_poses(self) -> bool:
        """Whether stored poses are left aside, and found from the images."""
        return bool(self.settings.options.estimate_poses)

    @property
    def estimated(self) -> EstimatedPoses | None:
        """The poses found from the images, None where the stored ones are used; made once, and kept on disk.

        Raises InputError where they cannot be found, MissingDependencyError without Open3D.
        """
        return self.find_poses() if self.estimates_poses else None

    def find_poses(self, progress: Callable[[int, int], None] = lambda done, total: None) -> EstimatedPoses:
        """Return the poses found from the images; raises as `estimated` does."""
        if self._found is None:
            from core3d_search.indexer.poses.remembered import remembered_poses

            self._found = remembered_poses(self, self.unplaced, progress)
        return self._found

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, position: int) -> Frame:
        """Return the frame at `position`; raises InputError naming the file at fault."""
        pose = self._placed(self._world_from_camera(position), self.frames[position].where)
        return replace(self.unplaced(position), world_from_camera=pose)

    def unplaced(self, position: int) -> Frame:
        """Return the frame at `position` with its camera as the world; raises InputError naming the file at fault."""
        parts = self.frames[position]
        rgb, depth = parts.color(), parts.depth()
        if parts.confident is not None:
            depth = np.where(images.same_size(parts.confident(), depth.shape), depth, np.float32(0))
        if parts.depth_camera is None:
            rgb = images.like_depth(rgb, depth.shape, parts.color_file)
        height, width = rgb.shape[:2]
        camera = parts.camera if isinstance(parts.camera, Camera) else parts.camera()
        intrinsics = camera.fitted(width, height, parts.where)
        if parts.depth_camera is None:
            depth = images.registered_depth(depth, rgb, parts.where)
        else:
            depth_intrinsics = parts.depth_camera.fitted(depth.shape[1], depth.shape[0], parts.where)
            depth = images.depth_seen_by(intrinsics, (height, width), depth, depth_intrinsics)
        if camera.lens is not None and camera.lens.bends:
            rgb, depth = undistorted(rgb, depth, intrinsics, camera.lens)
        return Frame(range(len(self))[position], rgb, depth, intrinsics, np.eye(4))

    def _world_from_camera(self, position: int) -> Floats:
        """Return the pose (4, 4) of a frame in metres, OpenCV axes; raises InputError where it has none."""
        found, parts = self.estimated, self.frames[position]
        if found is None:
            return self.settings.world_from_camera(parts.pose(), self.usual_axes)
        if not np.isfinite(found.poses[position]).all():
            raise InputError(f"{parts.where}: the camera was lost here: it aligns with no other frame")
        return found.poses[position]

    @cached_property
    def origin(self) -> Floats:
        """Where frames are measured from, (3,) metres in the world of the files.

        Zero, but for scans that lie far from zero (UTM coordinates): there 32-bit points would be metres off.
        """
        return np.round(self._middle[0]) if np.linalg.norm(self._middle[0]) > FAR_M else np.zeros(3)

    @cached_property
    def _middle(self) -> tuple[Floats, float]:
        """The middle of the cameras (3,), and the metres from it beyond which one is not part of the scan."""
        places = []
        for position in range(0, len(self), -(-len(self) // SAMPLED_POSES)):
            try:
                places.append(self._world_from_camera(position)[:3, 3])
            except InputError:
                continue  # told where that frame is read
        if not places:
            return np.zeros(3), np.inf
        middle = np.median(places, axis=0)
        return middle, max(STRAY_M, STRAY_TIMES * float(np.median(np.linalg.norm(places - middle, axis=1))))

    def _placed(self, world_from_camera: Floats, where: str) -> Floats:
        """Return a pose (4, 4) measured from `origin`; raises InputError for a camera far from all others."""
        pose = world_from_camera.copy()
        middle, reach = self._middle
        away = float(np.linalg.norm(pose[:3, 3] - middle))
        if away > reach:
            raise InputError(f"{where}: its camera is {away / 1000:.3g} km from the middle of all others: an outlier")
        pose[:3, 3] -= self.origin
        return pose


def no_pose(where: object) -> Callable[[], Floats]:
    """Return how the pose is read of a frame that has none; only one whose poses are estimated may have it."""
    return partial(_raise_no_pose, where)


def _raise_no_pose(where: object) -> Floats:
    raise InputError(f"{where} has no pose; {NO_POSES}")
