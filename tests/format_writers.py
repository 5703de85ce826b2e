"""Writes frames in every format, from the formats' descriptions and without a line of the readers.

Each writer takes an empty folder and frames of a z-up world in metres, and returns the path that a reader opens and
written_from_room (4, 4): where the format's own world lies.
"""

from __future__ import annotations

import csv
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import lzfse
import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from core3d_search.indexer.frames import Frame

Written = tuple[Path, np.ndarray]
GL = np.diag([1.0, -1.0, -1.0, 1.0])
Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""y_up_from_z_up."""
ROOM = np.eye(4)


def png16(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.round(values).astype(np.uint16)).save(path, compress_level=1)


def picture(path: Path, frame: Frame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(frame.rgb).save(path)


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def numbers(values: np.ndarray) -> str:
    return " ".join(f"{value:.12g}" for value in np.ravel(values))


def tum_pose(pose: np.ndarray) -> str:
    return numbers(np.concatenate([pose[:3, 3], Rotation.from_matrix(pose[:3, :3]).as_quat()]))


def four(frame: Frame) -> list[float]:
    k = frame.intrinsics
    return [k[0, 0], k[1, 1], k[0, 2], k[1, 2]]


def frames_folder(folder: Path, frames: Sequence[Frame]) -> Written:
    for i, frame in enumerate(frames):
        picture(folder / "color" / f"{i:05}.jpg", frame)
        png16(folder / "depth" / f"{i:05}.png", frame.depth * 1000)
        text(folder / "pose" / f"{i:05}.txt", numbers(frame.world_from_camera))
    np.savetxt(folder / "intrinsics.txt", frames[0].intrinsics)
    return folder, ROOM


def frames_with_csv(folder: Path, frames: Sequence[Frame]) -> Written:
    rows: list[list[object]] = [["timestamp", "x", "y", "z", "qx", "qy", "qz", "qw"]]
    for i, frame in enumerate(frames):
        time = f"{1700000000.5 + i / 30:.6f}"
        picture(folder / "images" / f"{time}.png", frame)
        png16(folder / "depth" / f"{time}.png", frame.depth * 1000)
        rows.append([f"{float(time) + 0.004:.6f}", *tum_pose(frame.world_from_camera).split()])
    with (folder / "trajectory.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    np.savetxt(folder / "intrinsics.txt", frames[0].intrinsics)
    return folder, ROOM


def seven_scenes(folder: Path, frames: Sequence[Frame]) -> Written:
    for i, frame in enumerate(frames):
        picture(folder / f"frame-{i:06}.color.png", frame)
        png16(folder / f"frame-{i:06}.depth.png", np.where(frame.depth > 0, frame.depth * 1000, 65535))
        text(folder / f"frame-{i:06}.pose.txt", numbers(frame.world_from_camera))
    np.savetxt(folder / "camera-intrinsics.txt", frames[0].intrinsics)
    return folder, ROOM


def replica(folder: Path, frames: Sequence[Frame]) -> Written:
    scene = folder / "room0"
    for i, frame in enumerate(frames):
        picture(scene / "results" / f"frame{i:06}.jpg", frame)
        png16(scene / "results" / f"depth{i:06}.png", frame.depth * 6000.0)
    text(scene / "traj.txt", "\n".join(numbers(frame.world_from_camera) for frame in frames))
    fx, fy, cx, cy = four(frames[0])
    height, width = frames[0].depth.shape
    camera = {"w": width, "h": height, "fx": fx, "fy": fy, "cx": cx, "cy": cy, "scale": 6000.0}
    text(folder / "cam_params.json", json.dumps({"camera": camera}))
    return scene, ROOM


ALIGNED = np.array([[0.8, -0.6, 0, 1.5], [0.6, 0.8, 0, -2], [0, 0, 1, 0.1], [0, 0, 0, 1.0]])
"""aligned_from_scan of the written ScanNet scenes."""


def matrix4(frame: Frame) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = frame.intrinsics
    return matrix


def scannet(folder: Path, frames: Sequence[Frame]) -> Written:
    scene = folder / "scene0001_00"
    for i, frame in enumerate(frames):
        picture(scene / "color" / f"{i}.jpg", frame)
        png16(scene / "depth" / f"{i}.png", frame.depth * 1000)
        text(scene / "pose" / f"{i}.txt", numbers(frame.world_from_camera))
    for name in ("intrinsic_color", "intrinsic_depth"):
        text(scene / "intrinsic" / f"{name}.txt", "\n".join(numbers(row) for row in matrix4(frames[0])))
    text(scene / "scene0001_00.txt", f"appVersionId = 7\naxisAlignment = {numbers(ALIGNED)} \ncolorHeight = 968\n")
    return scene, ALIGNED


def sens(folder: Path, frames: Sequence[Frame]) -> Written:
    path = folder / "scene0002_00.sens"
    height, width = frames[0].depth.shape
    with path.open("wb") as file:
        file.write(struct.pack("<IQ", 4, 14) + b"StructureSensor"[:14])
        for matrix in (matrix4(frames[0]), ROOM, matrix4(frames[0]), ROOM):
            file.write(matrix.astype("<f4").tobytes())
        file.write(struct.pack("<ii4IfQ", 2, 1, width, height, width, height, 1000.0, len(frames)))
        for frame in frames:
            jpeg = BytesIO()
            Image.fromarray(frame.rgb).save(jpeg, "JPEG")
            depth = zlib.compress(np.round(frame.depth * 1000).astype("<u2").tobytes())
            file.write(frame.world_from_camera.astype("<f4").tobytes())
            file.write(struct.pack("<4Q", 1, 2, len(jpeg.getvalue()), len(depth)) + jpeg.getvalue() + depth)
        file.write(struct.pack("<Q", 0))  # no IMU frames
    return path, ROOM


def tum(folder: Path, frames: Sequence[Frame]) -> Written:
    lists: dict[str, list[str]] = {"rgb": ["# color images"], "depth": ["# depth maps"], "groundtruth": ["# poses"]}
    for i, frame in enumerate(frames):
        color, depth = f"{1305031102.1 + i / 30:.6f}", f"{1305031102.11 + i / 30:.6f}"
        picture(folder / "rgb" / f"{color}.png", frame)
        png16(folder / "depth" / f"{depth}.png", frame.depth * 5000)
        lists["rgb"].append(f"{color} rgb/{color}.png")
        lists["depth"].append(f"{depth} depth/{depth}.png")
        lists["groundtruth"].append(f"{float(color) + 0.003:.4f} {tum_pose(frame.world_from_camera)}")
    for name, lines in lists.items():
        text(folder / f"{name}.txt", "\n".join(lines) + "\n")
    np.savetxt(folder / "intrinsics.txt", frames[0].intrinsics)
    return folder, ROOM


def redwood(folder: Path, frames: Sequence[Frame]) -> Written:
    """Every third frame of a longer trajectory, as in the ICL-NUIM living room."""
    blocks = []
    for i, frame in enumerate(frames):
        picture(folder / "image" / f"{3 * i:05}.jpg", frame)
        png16(folder / "depth" / f"{3 * i:05}.png", frame.depth * 1000)
        for n, pose in enumerate((frame.world_from_camera, np.eye(4), np.eye(4)), 3 * i):
            blocks.append("\n".join([f"{n} {n} {n + 1}", *(numbers(row) for row in pose)]))
    text(folder / "trajectory.log", "\n".join(blocks) + "\n")
    height, width = frames[0].depth.shape
    matrix = frames[0].intrinsics.T.ravel().tolist()
    text(folder / "camera_intrinsic.json", json.dumps({"width": width, "height": height, "intrinsic_matrix": matrix}))
    return folder, ROOM


def record3d_members(frames: Sequence[Frame]) -> dict[str, bytes]:
    members = {}
    height, width = frames[0].depth.shape
    poses = [Y_UP @ frame.world_from_camera @ GL for frame in frames]
    for i, frame in enumerate(frames):
        jpeg = BytesIO()
        Image.fromarray(frame.rgb).save(jpeg, "JPEG")
        members[f"rgbd/{i}.jpg"] = jpeg.getvalue()
        depth = np.where(frame.depth > 0, frame.depth, np.nan).astype("<f4")
        members[f"rgbd/{i}.depth"] = lzfse.compress(depth.tobytes())
        members[f"rgbd/{i}.conf"] = lzfse.compress(np.full((height, width), 2, np.uint8).tobytes())
    quaternions = [Rotation.from_matrix(pose[:3, :3]).as_quat() for pose in poses]
    metadata = {
        "w": width, "h": height, "dw": width, "dh": height, "fps": 60, "cameraType": 1,
        "K": frames[0].intrinsics.T.ravel().tolist(),
        "perFrameIntrinsicCoeffs": [four(frame) for frame in frames],
        "poses": [[*q.tolist(), *pose[:3, 3].tolist()] for q, pose in zip(quaternions, poses, strict=True)],
    }  # fmt: skip
    members["metadata"] = json.dumps(metadata).encode()
    return members


def record3d(folder: Path, frames: Sequence[Frame]) -> Written:
    path = folder / "2026-11-24.r3d"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in record3d_members(frames).items():
            archive.writestr(name, content)
    return path, Y_UP


def record3d_folder(folder: Path, frames: Sequence[Frame]) -> Written:
    (folder / "rgbd").mkdir()
    for name, content in record3d_members(frames).items():
        (folder / name).write_bytes(content)
    return folder, Y_UP


def polycam(folder: Path, frames: Sequence[Frame]) -> Written:
    keyframes = folder / "keyframes"
    height, width = frames[0].depth.shape
    for i, frame in enumerate(frames):
        name = f"{52843000 + 17 * i}"
        picture(keyframes / "images" / f"{name}.jpg", frame)
        png16(keyframes / "depth" / f"{name}.png", frame.depth * 1000)
        (keyframes / "confidence").mkdir(exist_ok=True)
        Image.fromarray(np.full((height, width), 255, np.uint8)).save(keyframes / "confidence" / f"{name}.png")
        pose = Y_UP @ frame.world_from_camera @ GL
        values = {f"t_{row}{column}": pose[row, column] for row in range(3) for column in range(4)}
        values |= dict(zip(("fx", "fy", "cx", "cy"), four(frame), strict=True))
        text(keyframes / "cameras" / f"{name}.json", json.dumps({**values, "width": width, "height": height}))
    return folder, Y_UP


def nerfstudio(folder: Path, frames: Sequence[Frame]) -> Written:
    listed = []
    for i, frame in enumerate(frames):
        picture(folder / "images" / f"frame_{i:05}.png", frame)
        png16(folder / "depth" / f"frame_{i:05}.png", frame.depth * 1000)
        listed.append(
            {
                "file_path": f"./images/frame_{i:05}.png",
                "depth_file_path": f"./depth/frame_{i:05}.png",
                "transform_matrix": (frame.world_from_camera @ GL).tolist(),
            }
        )
    fx, fy, cx, cy = four(frames[0])
    height, width = frames[0].depth.shape
    shared = {"fl_x": fx, "fl_y": fy, "cx": cx + 0.5, "cy": cy + 0.5, "w": width, "h": height}
    text(folder / "transforms.json", json.dumps({"camera_model": "OPENCV", **shared, "k1": 0.0, "frames": listed}))
    return folder, ROOM


def arkitscenes(folder: Path, frames: Sequence[Frame]) -> Written:
    lines = []
    height, width = frames[0].depth.shape
    for i, frame in enumerate(frames):
        time = f"{305.375 + 0.1 * i:.3f}"
        picture(folder / "lowres_wide" / f"41069021_{time}.png", frame)
        png16(folder / "lowres_depth" / f"41069021_{time}.png", frame.depth * 1000)
        (folder / "confidence").mkdir(exist_ok=True)
        mask = Image.fromarray(np.full((height, width), 2, np.uint8))
        mask.save(folder / "confidence" / f"41069021_{time}.png")
        pincam = numbers(np.array([width, height, *four(frame)]))
        text(folder / "lowres_wide_intrinsics" / f"41069021_{time}.pincam", pincam)
        camera_from_world = np.linalg.inv(frame.world_from_camera)
        turn = Rotation.from_matrix(camera_from_world[:3, :3]).as_rotvec()
        lines.append(f"{float(time) + 0.0004:.6f} {numbers(turn)} {numbers(camera_from_world[:3, 3])}")
    text(folder / "lowres_wide.traj", "\n".join(lines) + "\n")
    return folder, ROOM


UNIT_M = 0.4
"""Metres to the unit of the written COLMAP models."""


def colmap_parts(
    folder: Path, frames: Sequence[Frame]
) -> list[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Write the pictures; return name, quaternion w x y z, position, pixels and points of each, in model units."""
    parts = []
    for i, frame in enumerate(frames):
        picture(folder / "images" / f"img_{i:03}.png", frame)
        rows, columns = (part[:: max(1, len(part) // 50)] for part in np.nonzero(frame.depth))
        points = world_points(frame, rows, columns)
        camera_from_world = np.linalg.inv(frame.world_from_camera)
        quaternion = np.roll(Rotation.from_matrix(camera_from_world[:3, :3]).as_quat(), 1)
        pixels = np.stack([columns, rows], axis=1) + 0.5
        parts.append((f"img_{i:03}.png", quaternion, camera_from_world[:3, 3] / UNIT_M, pixels, points / UNIT_M))
    return parts


def world_points(frame: Frame, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the world points (N, 3) that the pixels show."""
    fx, fy, cx, cy = four(frame)
    z = frame.depth[rows, columns].astype(np.float64)
    camera = np.stack([(columns - cx) / fx * z, (rows - cy) / fy * z, z], axis=1)
    return camera @ frame.world_from_camera[:3, :3].T + frame.world_from_camera[:3, 3]


def colmap_binary(folder: Path, frames: Sequence[Frame]) -> Written:
    """A binary model with the depth of a depth camera: the scale can be found."""
    parts = colmap_parts(folder, frames)
    fx, fy, cx, cy = four(frames[0])
    height, width = frames[0].depth.shape
    model = folder / "sparse" / "0"
    model.mkdir(parents=True)
    (model / "cameras.bin").write_bytes(struct.pack("<QiiQQ4d", 1, 7, 1, width, height, fx, fy, cx + 0.5, cy + 0.5))
    pictures, points, key = struct.pack("<Q", len(parts)), b"", 0
    for i, (name, quaternion, position, pixels, seen) in enumerate(parts):
        png16(folder / "depth" / f"img_{i:03}.png", frames[i].depth * 1000)
        pictures += struct.pack("<i7di", i + 1, *quaternion, *position, 7) + name.encode() + b"\0"
        pictures += struct.pack("<Q", len(pixels))
        for at, (pixel, point) in enumerate(zip(pixels, seen, strict=True)):
            key += 1
            pictures += struct.pack("<ddq", *pixel, key)
            points += struct.pack("<Q3d3Bd", key, *point, 9, 9, 9, 0.5) + struct.pack("<Qii", 1, i + 1, at)
    (model / "images.bin").write_bytes(pictures)
    (model / "points3D.bin").write_bytes(struct.pack("<Q", key) + points)
    return folder, ROOM


def colmap_text(folder: Path, frames: Sequence[Frame]) -> Written:
    """A text model with COLMAP's own depth maps, in units of the model: it needs --scale."""
    parts = colmap_parts(folder, frames)
    fx, fy, cx, cy = four(frames[0])
    height, width = frames[0].depth.shape
    model = folder / "sparse"
    text(model / "cameras.txt", f"# comment\n1 PINHOLE {width} {height} {fx} {fy} {cx + 0.5} {cy + 0.5}\n")
    lines = ["# two lines an image"]
    for i, (name, quaternion, position, _, _) in enumerate(parts):
        lines += [f"{i + 1} {numbers(quaternion)} {numbers(position)} 1 {name}", ""]
        depth = (frames[i].depth / UNIT_M).astype("<f4")
        path = folder / "stereo" / "depth_maps" / f"{name}.geometric.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{width}&{height}&1&".encode() + depth.tobytes())
    text(model / "images.txt", "\n".join(lines) + "\n")
    text(model / "points3D.txt", "# none\n")
    return folder, ROOM


WRITERS: dict[str, tuple[str, Callable[[Path, Sequence[Frame]], Written]]] = {
    "frames": ("frames", frames_folder),
    "frames with a CSV of poses": ("frames", frames_with_csv),
    "7-Scenes": ("7scenes", seven_scenes),
    "Replica": ("replica", replica),
    "ScanNet, exported": ("scannet", scannet),
    "ScanNet, .sens": ("sens", sens),
    "TUM": ("tum", tum),
    "Redwood": ("redwood", redwood),
    "Record3D, .r3d": ("record3d", record3d),
    "Record3D, unpacked": ("record3d", record3d_folder),
    "Polycam": ("polycam", polycam),
    "nerfstudio": ("nerfstudio", nerfstudio),
    "ARKitScenes": ("arkitscenes", arkitscenes),
    "COLMAP, binary, depth camera": ("colmap", colmap_binary),
    "COLMAP, text, its own depth": ("colmap", colmap_text),
}
"""The reader's name and the writer, by what is written."""
