"""The frames layout: color/, depth/, pose/, intrinsics.txt and an optional scene.json."""

from __future__ import annotations

from pathlib import Path

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame, ReadOptions
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.settings import settings_of


class FramesFolderReader:
    """Reads `color/NNNNN.jpg|png`, `depth/NNNNN.png`, `pose/NNNNN.txt`, `intrinsics.txt`.

    `scene.json` may set `name` and any of `ReadOptions`. Colour images define the frames: one without depth or pose is
    an error of that frame alone.
    """

    format = "frames"
    layout = "color/00000.jpg, depth/00000.png, pose/00000.txt, intrinsics.txt"
    suffixes = ()

    def __init__(self, source: Path, options: ReadOptions) -> None:
        self.source, self.options = source.resolve(), options
        self._settings = settings_of(source, options)
        self.name, self.up = self._settings.name, self._settings.up
        self._units_per_metre = self._settings.units_per_metre(1000.0)
        self._intrinsics = images.read_intrinsics(source / "intrinsics.txt")
        color = source / "color"
        self._colors = sorted(
            (p for p in color.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png") and p.stem.isdigit()),
            key=lambda p: (int(p.stem), p.name),
        )
        if not self._colors:
            raise InputError(f"{color} holds no numbered image such as 00000.jpg")

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether the three folders are there."""
        return all((source / part).is_dir() for part in ("color", "depth", "pose"))

    @classmethod
    def open(cls, source: Path, options: ReadOptions = ReadOptions()) -> FramesFolderReader:
        """Return the scene at `source`; raises InputError."""
        return cls(source, options)

    def __len__(self) -> int:
        return len(self._colors)

    def __getitem__(self, position: int) -> Frame:
        """Return the frame at `position` in the order of the numbers; raises InputError naming the file at fault."""
        color = self._colors[position]
        rgb = images.read_color(color)
        depth_path = self.source / "depth" / f"{color.stem}.png"
        depth = images.read_depth(depth_path, self._units_per_metre)
        stored = images.read_rigid_transform(self.source / "pose" / f"{color.stem}.txt")
        return Frame(
            index=position,
            rgb=rgb,
            depth=images.registered_depth(depth, rgb, depth_path),
            intrinsics=self._intrinsics,
            world_from_camera=self._settings.world_from_camera(stored, "opencv"),
        )

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        parts = [self.source / part for part in ("color", "depth", "pose")]
        files = [file for part in parts for file in part.iterdir() if file.is_file()]
        return files + [file for name in ("intrinsics.txt", "scene.json") if (file := self.source / name).is_file()]
