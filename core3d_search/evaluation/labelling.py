"""Open-vocabulary labels: the class of each object, and from the objects those of points (docs/method.md section 4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.encoders import TextEncoder
from core3d_search.errors import InputError
from core3d_search.evaluation.metrics.semantic import NOTHING
from core3d_search.evaluation.transfer import majority

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Labels:
    """Of each of N points the `objects` (N,) position it belongs to and that one's class (N,); NOTHING for none."""

    objects: Ints
    classes: Ints


def phrase(class_name: str) -> str:
    """Return a class of a data set as one says it: "wall-cabinet" is "wall cabinet"."""
    return re.sub(r"[-_\s]+", " ", class_name).strip().lower()


def class_similarities(embeddings: Floats, class_names: Sequence[str], encoder: TextEncoder) -> Floats:
    """Return (N, C) the cosine of each object (N, D) with "an image of <class>".

    The words around the class are the encoder's own prompt (`OpenClipEncoder.prompt`); the built-in one takes names.
    Raises InputError where there is no class.
    """
    if not class_names:
        raise InputError("no class to choose from: give at least one name")
    texts = encoder.encode_texts([phrase(name) for name in class_names])
    similarities: Floats = np.asarray(embeddings, np.float32).reshape(-1, texts.shape[1]) @ texts.T
    return similarities


def most_similar(similarities: Floats, allowed: Ints | None = None) -> Ints:
    """Return (N,) the most similar class of each object among `allowed` ones; the first of equal ones."""
    if allowed is None:
        return similarities.argmax(axis=1).astype(np.int64)
    if not len(allowed):
        return np.full(len(similarities), NOTHING, np.int64)
    return np.asarray(allowed, np.int64)[similarities[:, allowed].argmax(axis=1)]


def label_points(
    points: npt.NDArray[np.floating],
    object_points: Sequence[Floats],
    object_classes: Ints,
    reach_m: float = np.inf,
    neighbours: int = 1,
) -> Labels:
    """Return the labels of `points` (N, 3): those of the nearest point of any object within `reach_m` metres.

    With `neighbours` above 1 it is the object that most of so many nearest points belong to.
    """
    filled = [part for part in object_points if len(part)]
    every = np.concatenate(filled) if filled else np.zeros((0, 3), np.float32)
    owners = np.repeat(np.arange(len(object_points)), [len(part) for part in object_points])
    objects = majority(points, every, owners, neighbours, reach_m)
    classes = np.append(np.asarray(object_classes, np.int64), NOTHING)
    return Labels(objects, classes[objects])  # position -1 is the NOTHING at the end
