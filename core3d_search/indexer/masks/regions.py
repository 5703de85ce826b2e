"""The built-in mask generator: regions of an RGB-D image, merged up a tree that is cut at six heights."""

from __future__ import annotations

import hashlib
from importlib import resources

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.borders import find_regions
from core3d_search.indexer.masks.region_tree import BorderNet, RegionTree, merge_regions
from core3d_search.indexer.planes import Structure

_WEIGHTS = resources.files("core3d_search.indexer.masks") / "border_net.safetensors"


class RegionMaskGenerator:
    """Masks from colour edges, depth steps, creases and structure planes between watershed superpixels.

    What speaks for a border is judged by a network of 4,300 numbers that ships with the package, fitted on generated
    rooms (training/borders.py). `levels` are those to compute; `cuts` the log odds of a border up to which regions
    join at levels 1 to 6; `structure` the floor, walls and ceiling of the scene, where known.
    """

    name = "built-in"
    checksum = hashlib.sha256(_WEIGHTS.read_bytes()).hexdigest()

    def __init__(
        self,
        *,
        levels: tuple[int, ...] = (2, 4, 6),
        structure: Structure | None = None,
        cuts: tuple[float, ...] = (1.0, 0.0, -0.5, -1.0, -1.5, -2.0),
        spacing_px: int = 8,
        min_area_fraction: float = 0.0005,
    ) -> None:
        self.levels = tuple(levels)
        self.structure = structure
        self.cuts = tuple(cuts)
        self.spacing_px = spacing_px
        self.min_area_fraction = min_area_fraction
        self.judge = BorderNet.from_arrays(safetensors.numpy.load(_WEIGHTS.read_bytes()))

    def generate(self, frame: Frame) -> Detections:
        """Return the regions of `frame`, level by level: a level is a partition of the image without tiny regions and
        without those that a coarser level has given already.

        The score is the probability that the region is one thing and ends at its border.
        """
        regions = find_regions(frame, self.structure, self.spacing_px)
        return self._detections(merge_regions(regions, self.judge, max(self.cuts)), regions.labels)

    def _detections(self, tree: RegionTree, labels: npt.NDArray[np.int64]) -> Detections:
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
        scores = tree.certainty()[[node for _, node, _, _ in found]].astype(np.float32)
        return Detections(masks, boxes, scores, np.array([level for level, _, _, _ in found], np.int64))
