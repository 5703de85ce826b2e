"""Fits the constants of the soft relations: coordinate descent on the likelihood of the right object.

    python training/fit_relations.py --rounds 2

Data: the training parts of Nr3D and Sr3D (other rooms than the development part; see ../shared/grounding) and relation
queries about generated rooms. Each constant is tried at a few multiples of its value and kept if the negative log
likelihood falls; the result is printed, and a person copies it into the modules, rounded. Seeded and deterministic.
The thresholds that a definition states (near 0.5 m, contact 0.15 m, ...) are not fitted.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
import grounding as bench

from core3d_search.query import Query, parse
from core3d_search.relations import ObjectTable, contact, directions, orders, places, viewpoint
from core3d_search.search import grounding, ranking
from core3d_search.synthetic import generate_room

SHARES = {"nr3d_train": 1.0, "sr3d_train": 0.7, "rooms": 0.5}
"""How much a case of each set counts."""
CONFUSION = 0.03
"""Probability that a person pointed at any of 20 objects: keeps hopeless cases from ruling the fit."""

Case = tuple[str, Query, ObjectTable, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rooms", type=int, default=24, help="generated rooms to ask about")
    parser.add_argument("--least-gain", type=float, default=0.4, help="nats that a change must gain to be kept")
    arguments = parser.parse_args()
    cases = [*_utterances("nr3d_train", 1000), *_utterances("sr3d_train", 300), *_room_cases(arguments.rooms, 400)]
    best, accuracy = _loss(cases)
    print(f"start {best:.1f} {accuracy}", flush=True)
    for round_ in range(arguments.rounds):
        for home, name in _constants():
            for factor in (1.4, 1 / 1.4) if round_ == 0 else (1.2, 1 / 1.2):
                old = home[name]
                home[name] = old * factor
                if name in _SHARES_OF_ONE and home[name] > 1.0:
                    home[name] = old
                    continue
                loss, accuracy = _loss(cases)
                if loss < best - arguments.least_gain:
                    best = loss
                    print(f"{name} {home[name]:.4f}: {best:.1f} {accuracy}", flush=True)
                else:
                    home[name] = old
        print(f"round {round_}: {best:.1f}", {name: round(home[name], 4) for home, name in _constants()}, flush=True)


_SHARES_OF_ONE = frozenset({"HELD", "LEVEL", "TUCKED", "LESS_EXACT", "SAME_NAME", "IN_ROOM"})


def _constants() -> list[tuple[dict[str, Any], str]]:
    named = [
        (contact, "NEAR_POWER AGAINST HELD TUCKED"),
        (directions, "OFF_AXIS BEGIN STRIP OPENING REACH BESIDE LEVEL"),
        (places, "CORNER MIDDLE DETOUR FLOOR"),
        (ranking, "RELATION_FLOOR ORDER_FLOOR NO_ANCHOR IN_ROOM"),
        (grounding, "LESS_EXACT SAME_NAME"),
    ]
    found = [(vars(module), name) for module, names in named for name in names.split()]
    return found + [(table, name) for table in (viewpoint.PRIOR, orders.TOLERANCE) for name in table]


def _utterances(name: str, most: int) -> list[Case]:
    scenes = {key: scene["objects"] for key, scene in json.loads((bench.DATA / "scenes.json").read_text()).items()}
    rows = bench.read_rows(name, 0)
    random.Random(0).shuffle(rows)
    cases = []
    for row in rows[:most]:
        objects = bench.labelled_objects(scenes[row["scene"]])
        query = parse(row["text"], vocabulary={o.label for o in objects})
        target = next(k for k, o in enumerate(objects) if o.id == row["target_id"])
        cases.append((name, query, grounding.table_of(objects), target))
    return cases


def _room_cases(rooms: int, most: int) -> list[Case]:
    cases = []
    for seed in range(rooms):
        room = generate_room(700_000 + seed)
        table, _ = bench.room_table(room)
        for kind, _, text, wanted in bench.room_queries(room):
            if kind == "relation":
                query = parse(text, vocabulary={label for label in table.labels if label})
                cases.append(("rooms", query, table, int(np.flatnonzero(table.ids == wanted)[0])))
    random.Random(0).shuffle(cases)
    return cases[:most]


def _loss(cases: list[Case]) -> tuple[float, dict[str, float]]:
    """Return the weighted negative log likelihood of the targets and the accuracy of each set in percent."""
    total = 0.0
    right: dict[str, list[bool]] = {}
    for name, query, table, target in cases:
        belief, _ = ranking.Evaluation(query, table, grounding.label_match(table)).believe(query.target)
        share = belief[target] / belief.sum() if belief.sum() > 0 else 0.0
        total -= SHARES[name] * float(np.log((1 - CONFUSION) * share + CONFUSION / 20))
        right.setdefault(name, []).append(bool(share > 0 and np.argmax(belief) == target))
    return total, {name: round(100 * float(np.mean(values)), 1) for name, values in right.items()}


if __name__ == "__main__":
    main()
