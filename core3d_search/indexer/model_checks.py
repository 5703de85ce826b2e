"""Whether a loaded model makes sense: what it says of pictures whose truth is known.

A checkpoint that is read into the wrong places answers like chance, and nothing else tells. So every check stands
beside what an answer without any sight would reach, and wants several times that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.encoders import Encoder
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks import MaskGenerator

Image = npt.NDArray[np.uint8]
LEAST_PIXELS = 1000
"""Pixels of a thing from which a mask of it is asked for."""
SAME_TEXT = 0.999
"""Cosine from which two texts are one to an encoder."""
PLAIN_COLORS: Mapping[str, tuple[int, int, int]] = {
    "red": (200, 30, 30),
    "green": (40, 150, 50),
    "blue": (40, 70, 200),
    "yellow": (235, 205, 40),
    "white": (240, 240, 240),
    "black": (20, 20, 20),
    "orange": (240, 130, 30),
    "purple": (130, 50, 160),
}


@dataclass(frozen=True)
class Check:
    """One question to a model: the share of right answers, the share that is wanted, and that of a blind answer."""

    what: str
    right: float
    wanted: float
    blind: float

    @property
    def passed(self) -> bool:
        """Whether enough answers were right."""
        return self.right >= self.wanted

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        parts = {key: round(getattr(self, key), 3) for key in ("right", "wanted", "blind")}
        return {"what": self.what, "passed": self.passed} | parts


@dataclass(frozen=True, eq=False)
class Picture:
    """A frame whose truth is known: `instance` (H, W) object ids, 0 for none, and what each of them is called."""

    frame: Frame
    instance: npt.NDArray[np.integer[Any]]
    labels: Mapping[int, str]


def check_masks(generator: MaskGenerator, pictures: Sequence[Picture]) -> list[Check]:
    """Return whether things get masks (IoU 0.5 or more); blind are the masks of the next picture."""
    found = [generator.generate(picture.frame) for picture in pictures]
    seen = _share_found([detections.masks for detections in found], pictures)
    blind = _share_found([detections.masks for detections in (*found[1:], found[0])], pictures)
    again = generator.generate(pictures[0].frame)
    same = np.array_equal(again.masks, found[0].masks) and np.array_equal(again.scores, found[0].scores)
    return [
        Check("things that a mask shows, IoU 0.5", seen, min(0.9, max(0.3, 2 * blind)), blind),
        Check("the same masks when asked again", float(same), 1.0, 0.0),
    ]


def check_encoder(encoder: Encoder, pictures: Sequence[Picture]) -> list[Check]:
    """Return whether things get their names, and plain colours where the encoder's texts tell them apart.

    Blind is always the same, commonest name.
    """
    crops, labels = _best_crops(pictures)
    commonest = Counter(labels).most_common(1)[0][1] / len(labels)
    named = _share_named(encoder, crops, labels)
    vectors = encoder.encode_images(crops[:4])
    same = np.array_equal(vectors, encoder.encode_images(crops[:4]))
    checks = [
        Check(f"things called by their name, of {len(set(labels))}", named, min(0.5, 4 * commonest), commonest),
        Check("the same vectors when asked again", float(same), 1.0, 0.0),
    ]
    if _texts_tell_colors(encoder):
        colors = list(PLAIN_COLORS)
        plain = _share_named(encoder, [_plain(color) for color in PLAIN_COLORS.values()], colors)
        checks.insert(1, Check(f"plain colours called by their name, of {len(colors)}", plain, 0.75, 1 / len(colors)))
    return checks


def _texts_tell_colors(encoder: Encoder) -> bool:
    """Return whether colour words change a vector; ours leave colours to the pixels, and change none."""
    red, blue = encoder.encode_texts(["red chair", "blue chair"])
    return float(red @ blue) < SAME_TEXT


def _share_found(masks: Sequence[npt.NDArray[np.bool_]], pictures: Sequence[Picture]) -> float:
    """Return the share of well visible things that one of their picture's `masks` (N, H, W) shows."""
    shown = []
    for proposed, picture in zip(masks, pictures, strict=True):
        ids, counts = np.unique(picture.instance[picture.instance > 0], return_counts=True)
        for key in ids[counts >= LEAST_PIXELS]:
            truth = picture.instance == key
            both = (proposed & truth).sum(axis=(1, 2))
            either = (proposed | truth).sum(axis=(1, 2))
            shown.append(bool(len(proposed)) and bool((both >= 0.5 * either).any()))
    return float(np.mean(shown)) if shown else 0.0


def _best_crops(pictures: Sequence[Picture]) -> tuple[list[Image], list[str]]:
    """Return the tight crop of each thing where it shows most, and what it is called."""
    best: dict[tuple[int, str], tuple[int, Image]] = {}
    for picture in pictures:
        ids, counts = np.unique(picture.instance[picture.instance > 0], return_counts=True)
        for key, count in zip(ids.tolist(), counts.tolist(), strict=True):
            thing = (key, picture.labels[key])
            if count >= LEAST_PIXELS and count > best.get(thing, (0,))[0]:
                rows, columns = np.nonzero(picture.instance == key)
                crop = picture.frame.rgb[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
                best[thing] = count, np.ascontiguousarray(crop)
    return [crop for _, crop in best.values()], [label for _, label in best]


def _share_named(encoder: Encoder, images: Sequence[Image], names: Sequence[str]) -> float:
    """Return the share of `images` whose most similar text, of all `names`, is their own."""
    texts = sorted(set(names))
    nearest = (encoder.encode_images(images) @ encoder.encode_texts(texts).T).argmax(axis=1)
    return float(np.mean([texts[i] == name for i, name in zip(nearest, names, strict=True)]))


def _plain(color: tuple[int, int, int]) -> Image:
    """Return a square of `color` on gray, (224, 224, 3)."""
    image = np.full((224, 224, 3), 128, np.uint8)
    image[20:204, 20:204] = color
    return image
