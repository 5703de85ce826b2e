"""The built-in mask generator: regions of an RGB-D image, merged up a tree that is cut at six heights."""

from __future__ import annotations

import copy
import hashlib
from importlib import resources

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks import Download
from core3d_search.indexer.masks.built_in.borders import Regions, find_regions
from core3d_search.indexer.masks.built_in.columns import Moment
from core3d_search.indexer.masks.built_in.pixel_net import PixelEmbedder
from core3d_search.indexer.masks.built_in.region_tree import BorderClassifier, RegionTree, merge_regions
from core3d_search.indexer.planes import Structure

FOLDER = resources.files("core3d_search.indexer.masks.built_in")
BORDER_NET = (FOLDER / "border_net.safetensors").read_bytes()
PIXEL_NET = (FOLDER / "pixel_net.safetensors").read_bytes()


class RegionMaskGenerator:
    """Masks from colour edges, depth steps, creases, structure planes and what a small network sees.

    Two networks ship with the package, trained on generated rooms: one embeds pixels (training/pixel_net.py), one
    classifies the border between two regions by all that was measured (training/borders.py). `levels` are those to
    compute; `cuts` the log odds of a border up to which regions join at levels 1 to 6; `structure` the floor, walls and
    ceiling of the scene, where known; `max_structure` the largest fraction of a mask that may look like these.
    """

    name = "built-in"
    leaves_structure_out = True
    takes_several = True
    checksum = hashlib.sha256(PIXEL_NET + BORDER_NET).hexdigest()

    def __init__(
        self,
        *,
        levels: tuple[int, ...] = (2, 4, 6),
        structure: Structure | None = None,
        cuts: tuple[float, ...] = (-0.9, -1.4, -1.7, -2.0, -2.5, -3.0),
        min_area_fraction: float = 0.0005,
        max_structure: float = 0.5,
        progress: Download | None = None,  # part of the contract: there is nothing to fetch
    ) -> None:
        self.levels = tuple(levels)
        self.structure = structure
        self.cuts = tuple(cuts)
        self.min_area_fraction = min_area_fraction
        self.max_structure = max_structure
        self.embedder = PixelEmbedder(PIXEL_NET)
        self.border_classifier = BorderClassifier.from_arrays(safetensors.numpy.load(BORDER_NET))

    def for_scene(self, structure: Structure) -> RegionMaskGenerator:
        """Return this generator, knowing the `structure` of a scene; networks are shared."""
        knowing = copy.copy(self)
        knowing.structure = structure
        return knowing

    def generate(self, frame: Frame) -> Detections:
        """Return the regions of `frame`, level by level: a level is a partition of the image without tiny regions,
        without floor, walls and ceiling, and without those that a coarser level has given already.

        The score is the probability that the region is one thing and ends at its border.
        """
        regions = find_regions(frame, self.structure, self.embedder)
        return self._detections(merge_regions(regions, self.border_classifier, max(self.cuts)), regions)

    def _detections(self, tree: RegionTree, regions: Regions) -> Detections:
        from scipy.ndimage import find_objects

        labels = regions.labels
        smallest = self.min_area_fraction * labels.size
        pixels = np.bincount(labels.ravel())
        known = np.zeros(len(tree.parents), bool)
        found: list[tuple[int, int, tuple[slice, slice], npt.NDArray[np.bool_]]] = []
        for level in self.levels:
            nodes, owner = np.unique(tree.cut(self.cuts[level - 1]), return_inverse=True)
            area, built = (np.bincount(owner, regions.moments[:, c]) for c in (Moment.AREA, Moment.STRUCTURE))
            new = (np.bincount(owner, pixels) >= smallest) & (built / area <= self.max_structure) & ~known[nodes]
            numbers = (np.where(new, np.cumsum(new), 0)[owner])[labels]
            for number, (node, place) in enumerate(zip(nodes[new], find_objects(numbers), strict=True), 1):
                found.append((level, int(node), place, numbers[place] == number))
            known[nodes] = True
        masks = np.zeros((len(found), *labels.shape), bool)
        boxes = np.zeros((len(found), 4), np.float32)
        for mask, box, (_, _, place, part) in zip(masks, boxes, found, strict=True):
            mask[place] = part
            box[:] = place[1].start, place[0].start, place[1].stop, place[0].stop
        scores = tree.certainty()[[node for _, node, _, _ in found]].astype(np.float32)
        return Detections(masks, boxes, scores, np.array([level for level, _, _, _ in found], np.int64))
