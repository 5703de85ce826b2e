"""Where a similarity becomes "here it is": the scale and margin of the encoder's score, fit on held-out objects.

    python training/calibration.py --folder FOLDER --scenes DEVELOPMENT_SCENES

Prints scale and margin for `training/assemble.py`, from rooms 2000 to 2007 and models that training never saw. Colours
are left out of the questions: they do not reach the encoder.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.encoders import TextEncoder
from core3d_search.query.nouns import likeness
from training.objects import SeenObject
from training.phrases import FOREIGN, Facts, share_of

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating]

COLLECTION = 20
"""Rooms that are searched at once: the best of so many objects is what a threshold must stand."""


def fit_calibration(encoder: TextEncoder, objects: Sequence[SeenObject]) -> dict[str, float]:
    """Return scale and margin: a logistic fit of "the best hit is right", present and absent queries weighing the same.

    A present query is the name of an object, bare or with its colour; its value is the best of the objects that it
    fits. An absent one is a name whose objects are left out, bare or with a colour, a name with a colour among its
    objects of other colours, or a thing of no room.
    """
    present, absent = contrasts(encoder, objects)
    x = np.concatenate([present, absent])
    y = np.concatenate([np.ones(len(present)), np.zeros(len(absent))])
    weight = np.where(y == 1, 0.5 / len(present), 0.5 / len(absent))
    design = np.stack([x, np.ones_like(x)], axis=1)
    beta = np.zeros(2)
    for _ in range(50):  # Newton's method; the small ridge keeps separable data finite
        p = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ (weight * (y - p)) - 1e-4 * beta * (1, 0)
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag([1e-4, 1e-9])
        beta += np.linalg.solve(hessian, gradient)
    return {"scale": round(float(beta[0]), 3), "margin": round(float(-beta[1] / beta[0]), 4)}


def contrasts(encoder: TextEncoder, objects: Sequence[SeenObject]) -> tuple[npt.NDArray[np.float64], ...]:
    """Return how far the best object of each collection of rooms is over the neutral line: present, absent queries."""
    labels = sorted({seen.facts[0] for seen in objects})
    rooms = sorted({seen.room for seen in objects})
    neutral = encoder.encode_texts(encoder.calibration.neutral_phrases)
    present: list[float] = []
    absent: list[float] = []
    for start in range(0, len(rooms), COLLECTION):
        group = [seen for seen in objects if seen.room in rooms[start : start + COLLECTION]]
        vectors = np.stack([seen.embedding for seen in group])
        line = (vectors @ neutral.T).max(axis=1)

        def best(text: str, among: Flags, vectors: Floats = vectors, line: Floats = line) -> float:
            return float((vectors[among] @ encoder.encode_texts([text])[0] - line[among]).max())

        facts = [seen.facts for seen in group]
        for label in labels:
            its = np.array([fact[0] == label for fact in facts])
            akin = np.array([nearly(label, fact) for fact in facts])
            if its.any():
                present.append(best(label, its))
            if not akin.all():
                absent.append(best(label, ~akin))
            for color in sorted({fact[1] for fact in facts if fact[0] == label} - {""}):
                both = its & np.array([fact[1] == color for fact in facts])
                present.append(best(f"{color} {label}", both))
                absent.append(best(f"{color} {label}", ~akin))
                if (its & ~both).any():
                    absent.append(best(f"{color} {label}", its & ~both))
        everything = np.ones(len(group), bool)
        absent += [best(word, everything) for word in FOREIGN if share_of(word) == "calibration"]
    return np.array(present), np.array(absent)


def nearly(label: str, fact: Facts) -> bool:
    """Return whether a name covers an object, also where another is better: "lamp" covers a floor lamp."""
    return fact[0] == label or fact[0].endswith(" " + label) or likeness(label, fact[0]) >= 0.3


def main() -> None:
    from core3d_search.encoders.builtin import BuiltinEncoder
    from training.objects import seen_models, seen_objects

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="the encoder's files; those of the package where not given")
    parser.add_argument("--scenes", type=Path, required=True, help="scenes of models of the development share")
    parser.add_argument("--rooms", type=int, nargs=2, default=(2000, 2008), help="first seed, one after the last")
    arguments = parser.parse_args()
    encoder = BuiltinEncoder(arguments.folder)
    seen = seen_objects(encoder, range(*arguments.rooms), 4)
    seen += seen_models(encoder, sorted(arguments.scenes.glob("*.npz")), 2)
    print(fit_calibration(encoder, [dataclasses.replace(each, facts=(each.facts[0], "", "")) for each in seen]))


if __name__ == "__main__":
    main()
