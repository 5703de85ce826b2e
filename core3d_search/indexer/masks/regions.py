"""The built-in mask generator: regions of an RGB-D image, merged up a tree that is cut at six heights. No weights."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.region_tree import RegionTree, merge_regions
from core3d_search.indexer.planes import Structure, to_lab
from core3d_search.indexer.surfaces import back_project, normals, to_world

Floats = npt.NDArray[np.floating[Any]]

VERSION = "regions-1"


class RegionMaskGenerator:
    """Masks from colour edges, depth steps and concave creases (convex ones lie inside objects: LCCP, Stein et al.,
    CVPR 2014), over watershed superpixels. Floor, walls and ceiling, where `structure` gives them, never merge with
    what stands on them.

    `levels` are those to compute, `cuts` the heights of levels 1 to 6. The scales say where evidence counts 1: Lab
    units, metres (of a step at one metre depth; grows with depth squared), radians; `free_area_m2` see `merge_regions`.
    """

    name = "built-in"
    checksum = hashlib.sha256(VERSION.encode()).hexdigest()

    def __init__(
        self,
        *,
        levels: tuple[int, ...] = (2, 4, 6),
        structure: Structure | None = None,
        cuts: tuple[float, ...] = (2.4, 1.4, 1.0, 0.7, 0.5, 0.35),
        spacing_px: int = 8,
        color_scale: float = 14.0,
        step_scale_m: float = 0.012,
        crease_scale: float = 0.45,
        convex_weight: float = 0.1,
        free_area_m2: float = 0.004,
        min_area_fraction: float = 0.0005,
    ) -> None:
        self.levels = tuple(levels)
        self.structure = structure
        self.cuts = tuple(cuts)
        self.spacing_px = spacing_px
        self.color_scale = color_scale
        self.step_scale_m = step_scale_m
        self.crease_scale = crease_scale
        self.convex_weight = convex_weight
        self.free_area_m2 = free_area_m2
        self.min_area_fraction = min_area_fraction

    def generate(self, frame: Frame) -> Detections:
        """Return the regions of `frame`, level by level: a level is a partition of the image without tiny regions and
        without those that a coarser level has given already.

        The score is the persistence of a region in the tree: how much lies around it compared with inside it.
        """
        look = _Look(frame, self.structure)
        labels = self._superpixels(look)
        count = int(labels.max()) + 1
        flat = labels.ravel()
        pixels = np.bincount(flat, minlength=count)
        colors = np.stack([np.bincount(flat, c.ravel(), count) / pixels for c in np.moveaxis(look.lab, -1, 0)], axis=1)
        areas = np.bincount(flat, look.area.ravel(), count).astype(np.float64)
        pairs, lengths, contrasts = self._borders(look, labels)
        tree = merge_regions(pairs, lengths, contrasts, areas, colors, 2 * self.color_scale, self.free_area_m2)
        return self._detections(tree, labels)

    def _detections(self, tree: RegionTree, labels: npt.NDArray[np.int64]) -> Detections:
        """Return the regions of each level; one that a coarser level has is not repeated."""
        from scipy.ndimage import find_objects

        smallest = self.min_area_fraction * labels.size
        pixels = np.bincount(labels.ravel())
        known = np.zeros(len(tree.parents), bool)
        found: list[tuple[int, int, tuple[slice, slice], npt.NDArray[np.bool_]]] = []
        for level in self.levels:
            nodes, owner = np.unique(tree.cut(self.cuts[level - 1]), return_inverse=True)
            large = (np.bincount(owner, pixels) >= smallest) & ~known[nodes]
            numbers = (np.where(large, np.cumsum(large), 0)[owner])[labels]
            for number, (node, place) in enumerate(zip(nodes[large], find_objects(numbers), strict=True), 1):
                found.append((level, int(node), place, numbers[place] == number))
            known[nodes] = True
        masks = np.zeros((len(found), *labels.shape), bool)
        boxes = np.zeros((len(found), 4), np.float32)
        for mask, box, (_, _, place, part) in zip(masks, boxes, found, strict=True):
            mask[place] = part
            box[:] = place[1].start, place[0].start, place[1].stop, place[0].stop
        scores = tree.persistence()[[node for _, node, _, _ in found]].astype(np.float32)
        return Detections(masks, boxes, scores, np.array([level for level, _, _, _ in found], np.int64))

    def _superpixels(self, look: _Look) -> npt.NDArray[np.int64]:
        """Return (H, W) numbers from 0 of watershed basins of all edges together, about `spacing_px` apart."""
        from skimage.segmentation import watershed

        count = max(2, look.edges.size // self.spacing_px**2)
        basins = watershed(look.edges, markers=count, compactness=0.001)
        used = np.bincount(basins.ravel()) > 0
        return (np.cumsum(used) - 1)[basins]

    def _borders(
        self, look: _Look, labels: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the pairs of adjacent superpixels, the length of their border in pixels and its mean contrast."""
        codes, values = [], []
        count = int(labels.max()) + 1
        for axis in (1, 0):
            here, there = np.nonzero(np.diff(labels, axis=axis)), None
            there = (here[0], here[1] + 1) if axis == 1 else (here[0] + 1, here[1])
            a, b = labels[here], labels[there]
            codes.append(np.minimum(a, b) * count + np.maximum(a, b))
            values.append(self._contrast(look, here, there, axis))
        unique, inverse, lengths = np.unique(np.concatenate(codes), return_inverse=True, return_counts=True)
        contrasts = np.bincount(inverse, np.concatenate(values)) / lengths
        return np.stack([unique // count, unique % count], axis=1), lengths.astype(np.float64), contrasts

    def _contrast(self, look: _Look, here: Any, there: Any, axis: int) -> npt.NDArray[np.float64]:
        """Return (P,) how much speaks for a border between adjacent pixels, seen a few pixels to both sides of it."""
        near, far = _apart(here, there, axis, 1, look.shape), _apart(here, there, axis, 4, look.shape)
        color = np.linalg.norm(look.lab[near[0]] - look.lab[near[1]], axis=-1) / self.color_scale
        both = look.valid[near[0]] & look.valid[near[1]]
        offset = look.points[near[1]] - look.points[near[0]]
        out = np.maximum(
            np.abs(np.einsum("ij,ij->i", look.normals[near[0]], offset)),
            np.abs(np.einsum("ij,ij->i", look.normals[near[1]], offset)),
        )
        depth = np.minimum(look.depth[near[0]], look.depth[near[1]])
        step = np.where(both, out / (self.step_scale_m * (1 + depth**2 / 2)), 0)
        turn, toward = look.normals[far[0]], look.normals[far[1]]
        known = look.valid[far[0]] & look.valid[far[1]] & (np.abs(turn).sum(1) > 0) & (np.abs(toward).sum(1) > 0)
        angle = np.arccos(np.clip(np.einsum("ij,ij->i", turn, toward), -1, 1))
        spread = look.points[far[1]] - look.points[far[0]]
        concave = np.einsum("ij,ij->i", turn - toward, spread) > 0
        crease = np.where(known, angle / self.crease_scale, 0)
        crease = np.where(concave, crease, crease * self.convex_weight)
        structural = look.plane[far[0]] != look.plane[far[1]]
        evidence = np.minimum(color, 2) ** 2 + np.minimum(step, 2) ** 2 + np.minimum(crease, 1.5) ** 2
        return np.where(structural, evidence + 3, evidence).astype(np.float64)


class _Look:
    """All that is measured a pixel: colours, points, normals, area, the structure plane it lies on, edges."""

    def __init__(self, frame: Frame, structure: Structure | None) -> None:
        from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude, median_filter

        self.shape = frame.depth.shape
        self.lab = gaussian_filter(to_lab(frame.rgb), (1, 1, 0))
        depth = median_filter(frame.depth, 3)
        self.depth = np.where(frame.depth > 0, depth, 0).astype(np.float32)
        self.valid = self.depth > 0
        self.points = back_project(self.depth, frame.intrinsics)
        self.normals = normals(self.depth, frame.intrinsics)
        usual = np.median(self.depth[self.valid]) if self.valid.any() else 1.0
        focal = frame.intrinsics[0, 0] * frame.intrinsics[1, 1]
        self.area = np.where(self.valid, self.depth, usual) ** 2 / focal
        self.plane = np.full(self.shape, -1, np.int64)
        if structure is not None and structure.planes:
            self.plane = self._planes(frame, structure)
        bend = sum(gaussian_gradient_magnitude(self.normals[..., axis], 1.5) ** 2 for axis in range(3))
        inverse = np.where(self.valid, 1 / np.maximum(self.depth, 0.1), 0)
        steps = gaussian_gradient_magnitude(inverse, 1.0) / np.maximum(inverse, 0.1)
        color = np.sqrt(sum(gaussian_gradient_magnitude(self.lab[..., axis], 1.0) ** 2 for axis in range(3)))
        self.edges = (color / 8 + np.minimum(steps * 30, 3) + np.sqrt(bend) * 5).astype(np.float32)

    def _planes(self, frame: Frame, structure: Structure) -> npt.NDArray[np.int64]:
        plane = structure.nearest(to_world(self.points, frame.world_from_camera), self.depth)
        facing = np.stack([p.normal for p in structure.planes]) @ frame.world_from_camera[:3, :3]
        agrees = np.einsum("hwc,hwc->hw", self.normals, facing.astype(np.float32)[plane])
        return np.where(self.valid & (plane >= 0) & (agrees > 0.8), plane, -1)


def _apart(here: Any, there: Any, axis: int, steps: int, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Return the pixels `steps` further back and ahead along `axis`, kept inside the image."""
    back, ahead = [here[0], here[1]], [there[0], there[1]]
    back[axis] = np.maximum(back[axis] - steps, 0)
    ahead[axis] = np.minimum(ahead[axis] + steps, shape[axis] - 1)
    return tuple(back), tuple(ahead)
