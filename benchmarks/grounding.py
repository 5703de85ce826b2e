"""Language and geometry alone: which of the labelled objects of a room does an utterance mean?

    python benchmarks/grounding.py                         # every set of ../shared/grounding
    python benchmarks/grounding.py --sets nr3d --sample 500 --errors 20

Prints accuracy by relation, easy and hard, view-dependent and not, how often the text was understood without fallback,
and the commonest kinds of error. The utterances are development data and stay outside the project.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core3d_search.query import parse
from core3d_search.query.nouns import canonical, groups
from core3d_search.query.words import singular
from core3d_search.relations import ObjectTable
from core3d_search.search.grounding import LabelledObject, ground, label_match
from core3d_search.search.ranking import Match, rank
from core3d_search.search.ranking import count as count_hits

DATA = Path(__file__).resolve().parents[2] / "shared" / "grounding"
Row = dict[str, Any]


def main() -> None:
    arguments = _arguments()
    if not DATA.is_dir():
        raise SystemExit(f"no grounding data at {DATA}: the sets are not part of the project")
    scenes = {name: scene["objects"] for name, scene in json.loads((DATA / "scenes.json").read_text()).items()}
    for name in arguments.sets:
        rows = read_rows(name, arguments.sample)
        print(f"\n== {name}: {len(rows)} utterances")
        start = time.perf_counter()
        things = {scene: labelled_objects(scenes[scene]) for scene in {row["scene"] for row in rows}}
        if arguments.synonyms:
            things = {scene: renamed(objects) for scene, objects in things.items()}
        answers = [ground(row["text"], things[row["scene"]]) for row in rows]
        seconds = time.perf_counter() - start
        print(f"   {1000 * seconds / len(rows):.1f} ms an utterance")
        right = [_is_right(row, hits) for row, hits in zip(rows, answers, strict=True)]
        _table(_groups(name), rows, right)
        _calibration(answers, right)
        _reliability(rows, right)
        kinds = [_error_kind(row, hits, scenes[row["scene"]]) for row, hits in zip(rows, answers, strict=True)]
        wrong = Counter(kind for kind, ok in zip(kinds, right, strict=True) if not ok)
        print("   commonest kinds of error: " + "; ".join(f"{kind} {n}" for kind, n in wrong.most_common(10)))
        if arguments.errors:
            _show_errors(rows, answers, right, kinds, arguments.errors, arguments.seed)
    if arguments.detections:
        _detections(scenes, arguments.sample)
    if arguments.speed:
        _speed()
    if arguments.rooms:
        _generated_rooms(arguments.rooms, arguments.errors)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=["sr3d", "nr3d", "scanrefer", "vigil3d"])
    parser.add_argument("--sample", type=int, default=0, help="evaluate only this many rows of each set")
    parser.add_argument("--errors", type=int, default=0, help="print this many wrong rows")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--synonyms", action="store_true", help="rename half of the instances by synonyms")
    parser.add_argument("--detections", action="store_true", help="also Nr3D over predicted boxes and labels, IoU 0.25")
    parser.add_argument("--speed", action="store_true", help="also milliseconds of reading and ranking")
    parser.add_argument("--rooms", type=int, default=0, metavar="N", help="also queries about N generated rooms")
    return parser.parse_args()


def read_rows(name: str, sample: int) -> list[Row]:
    rows = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]
    if sample and sample < len(rows):
        picked = np.random.default_rng(0).choice(len(rows), sample, replace=False)
        rows = [rows[i] for i in sorted(picked)]
    return rows


def labelled_objects(objects: Iterable[Row]) -> list[LabelledObject]:
    return [_labelled(o) for o in objects]


def renamed(objects: list[LabelledObject]) -> list[LabelledObject]:
    """Return the objects, about every second one by another name of the same thing where there is one."""
    names = {canonical(name): group for group in groups() for name in group}
    chosen = []
    for one in objects:
        others = [name for name in names.get(canonical(one.label), []) if name != one.label]
        digest = zlib.crc32(f"{one.id} {one.label} {one.center}".encode())
        chosen.append(replace(one, label=others[digest // 2 % len(others)]) if others and digest % 2 else one)
    return chosen


def _labelled(o: Row) -> LabelledObject:
    front = None
    if "front_point" in o:
        offset = np.array(o["front_point"]) - np.array(o["obb"][:3])
        length = float(np.linalg.norm(offset))
        front = tuple(offset / length) if length > 1e-6 else None
    return LabelledObject(o["id"], o["label"], o["center"], o["extent"], o.get("rgb"), front)


def _is_right(row: Row, hits: list[Any]) -> bool:
    wanted = set(row["target_ids"])
    if len(wanted) == 1:
        return bool(hits) and hits[0].object_id in wanted
    return {h.object_id for h in hits if h.score >= 0.5} == wanted if wanted else not any(h.score >= 0.5 for h in hits)


def _groups(name: str) -> dict[str, Callable[[Row], bool]]:
    groups: dict[str, Callable[[Row], bool]] = {"all": lambda r: True}
    if name.startswith("sr3d"):
        for relation in (
            "closest",
            "farthest",
            "between",
            "supported-by",
            "supporting",
            "above",
            "below",
            "front",
            "back",
            "left",
            "right",
        ):
            groups[relation] = lambda r, relation=relation: r["relation"] == relation
    if name.startswith("nr3d"):
        groups["guessed by people, class named"] = lambda r: r["correct_guess"] and r["mentions_target_class"]
    if name == "vigil3d":
        groups |= {
            "one target": lambda r: r["n_targets"] == 1,
            "several targets": lambda r: r["n_targets"] > 1,
            "no target": lambda r: r["n_targets"] == 0,
        }
    if name == "scanrefer":
        groups |= {"unique": lambda r: r["unique"], "multiple": lambda r: not r["unique"]}
    if name != "vigil3d":
        groups |= {
            "easy": lambda r: r["easy"],
            "hard": lambda r: not r["easy"],
            "view-dependent": lambda r: r["view_dependent"],
            "view-independent": lambda r: not r["view_dependent"],
        }
    return groups


def _table(groups: dict[str, Callable[[Row], bool]], rows: list[Row], right: list[bool]) -> None:
    for group, member in groups.items():
        inside = [ok for row, ok in zip(rows, right, strict=True) if member(row)]
        if inside:
            print(f"   {group:32s} {100 * np.mean(inside):5.1f} %  of {len(inside)}")
    queries = [parse(row["text"]) for row in rows]
    whole, every = np.mean([not q.fallback for q in queries]), np.mean([not q.unparsed for q in queries])
    shares = f"{100 * whole:5.1f} %, every word {100 * every:.1f} %"
    print(f"   understood without fallback      {shares}")


def _calibration(answers: list[Any], right: list[bool]) -> None:
    """Print how often the best hit is right, by its score."""
    scores = np.array([hits[0].score if hits else 0.0 for hits in answers])
    bands = [(0.0, 0.05), (0.05, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)]
    inside = [(low, high, (scores >= low) & (scores < high)) for low, high in bands]
    shares = [f"{low:.2f}+: {100 * np.mean(np.array(right)[m]):.0f} % of {m.sum()}" for low, _, m in inside if m.any()]
    print("   best hit right by its score      " + "; ".join(shares))


def _reliability(rows: list[Row], right: list[bool]) -> None:
    """Print how often readings of each certainty are right, and the mean gap between the two over the bands."""
    sure = np.array([parse(row["text"]).certainty for row in rows])
    ok, gap, shown = np.array(right, dtype=float), 0.0, []
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (sure >= low) & (sure < low + (0.1 if low < 0.85 else 0.11))
        if inside.any():
            shown.append(f"{sure[inside].mean():.2f}: {ok[inside].mean():.2f} of {inside.sum()}")
            gap += abs(sure[inside].mean() - ok[inside].mean()) * inside.mean()
    print(f"   right by certainty               {'; '.join(shown)}; error {gap:.3f}, mean {sure.mean():.3f}")


def _speed() -> None:
    """Print CPU milliseconds: reading texts, and ranking 10,000 objects with three relations."""
    rng = np.random.default_rng(0)
    words = [row["text"] for row in read_rows("nr3d", 300)]
    texts = [*words, "the " * 5000, " ".join(words)[:100_000]]
    parse("warm up")
    slowest = max((_cpu_ms(lambda text=text: parse(text)), text[:40]) for text in texts)
    print(f"\n== speed (CPU time)\n   slowest text to read: {slowest[0]:.1f} ms, {slowest[1]!r}")
    n = 10_000
    names = ["chair", "table", "lamp", "door", "window", "desk", "box", "books", "cabinet", "monitor"]
    labels = rng.choice(names + [f"thing {i}" for i in range(15)], n)
    turn = rng.uniform(0, 2 * np.pi, n)
    rotations = np.zeros((n, 3, 3))
    rotations[:, 0, 0] = rotations[:, 1, 1] = np.cos(turn)
    rotations[:, 1, 0], rotations[:, 0, 1], rotations[:, 2, 2] = np.sin(turn), -np.sin(turn), 1
    centers, extents = rng.uniform(0, 60, (n, 3)) * [1, 1, 0.05], rng.uniform(0.2, 2, (n, 3))
    table = ObjectTable(np.arange(n), centers, extents, rotations, rng.uniform(0, 255, (n, 3)), labels=tuple(labels))
    match = label_match(table)
    for text in (
        "red chair near a table, left of the window and not under a lamp",
        "chair between the door and the window, near a lamp, closest to the desk",
    ):
        query = parse(text)
        print(f"   10,000 objects: {_cpu_ms(lambda q=query: rank(q, table, match, limit=20)):.1f} ms, {text!r}")


def _cpu_ms(action: Callable[[], Any]) -> float:
    times = []
    for _ in range(3):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def _error_kind(row: Row, hits: list[Any], objects: list[Row]) -> str:
    """Name the first stage that lost the target."""
    if not row["target_ids"]:
        return "answered where nothing fits"
    if len(row["target_ids"]) > 1:
        return "wrong set of several"
    if not hits:
        return "no answer"
    labels = {o["id"]: o["label"] for o in objects}
    target, best = row["target_ids"][0], hits[0]
    query = parse(row["text"])
    if target not in {h.object_id for h in hits}:
        return "target's name not recognised"
    if labels[best.object_id] != labels[target]:
        return "another kind of object chosen"
    if query.fallback:
        return "not understood"
    used = [r.predicate for r in query.target.relations] + [s.order for s in query.target.selectors]
    if not used:
        return "only looks" if query.target.attributes else "nothing to choose by"
    return "wrong among the same kind by " + ("several relations" if len(used) > 1 else used[0])


def _show_errors(
    rows: list[Row], answers: list[Any], right: list[bool], kinds: list[str], most: int, seed: int
) -> None:
    wrong = [i for i, ok in enumerate(right) if not ok]
    for i in np.random.default_rng(seed).permutation(wrong)[:most]:
        row, hits = rows[i], answers[i]
        place = next((k for k, h in enumerate(hits) if h.object_id in row["target_ids"]), None)
        print(f"\n   [{kinds[i]}] {row['scene']} {row['text']}\n      {parse(row['text'])}")
        top = hits[0] if hits else None
        print(f"      wanted {row['target_label']} {row['target_ids']} at place {place}; got", end=" ")
        print(
            f"{top.label} {top.object_id}: {[(r.text, round(r.score, 2)) for r in top.reasons]}" if top else "nothing"
        )
        if place is not None:
            print(f"      target: {[(r.text, round(r.score, 2)) for r in hits[place].reasons]}")


def _detections(scenes: dict[str, list[Row]], sample: int) -> None:
    """Nr3D over predicted boxes and labels: right if the chosen box overlaps the true one by IoU 0.25."""
    predicted = json.loads((DATA / "detections.json").read_text())
    rows = [row for row in read_rows("nr3d", 0) if row["scene"] in predicted]
    rows = rows[:sample] if sample else rows
    right_predicted, right_true, reachable = [], [], []
    for row in rows:
        true = next(o for o in scenes[row["scene"]] if o["id"] == row["target_id"])
        boxes = [o | {"id": k} for k, o in enumerate(predicted[row["scene"]]) if o["score"] >= 0.3]
        hits = ground(row["text"], labelled_objects(boxes))
        right_predicted.append(bool(hits) and _iou(boxes[hits[0].object_id], true) >= 0.25)
        reachable.append(any(_iou(b, true) >= 0.25 for b in boxes))
        right_true.append(_is_right(row, ground(row["text"], labelled_objects(scenes[row["scene"]]))))
    print(f"\n== Nr3D over predicted boxes and labels, IoU 0.25: {len(rows)} utterances in {len(predicted)} rooms")
    for name, values in (
        ("predicted boxes and labels", right_predicted),
        ("true boxes and labels", right_true),
        ("target among the predicted boxes", reachable),
    ):
        print(f"   {name:32s} {100 * np.mean(values):5.1f} %")


PREDICATE_WORDS = {
    "on": "on", "inside": "inside", "under": "under", "above": "above", "near": "near", "left of": "to the left of",
    "right of": "to the right of", "in front of": "in front of", "behind": "behind",
}  # fmt: skip


def _generated_rooms(count: int, errors: int) -> None:
    """Questions whose one right answer follows from the ground truth of generated rooms, over their true boxes.

    `relation`: a label and a relation that exactly one object fulfils; `negation`: "LABEL not PREDICATE a LABEL" that
    exactly one fulfils; `counting`: "how many LABEL are PREDICATE a LABEL", any number.
    """
    from core3d_search.synthetic import generate_room

    right: dict[str, list[bool]] = defaultdict(list)
    shown = 0
    for seed in range(count):
        room = generate_room(500_000 + seed)
        table, match = room_table(room)
        for kind, predicate, text, wanted in room_queries(room):
            query = parse(text, vocabulary={label for label in table.labels if label})
            if kind == "counting":
                answer: Any = count_hits(query, table, match)
                ok = answer == wanted
            else:
                hits = rank(query, table, match, threshold=0.5 if kind == "negation" else 0.01)
                answer = [h.object_id for h in hits[:3]]
                ok = bool(hits) and hits[0].object_id == wanted
            right[kind].append(ok)
            right[f"{kind}: {predicate}"].append(ok)
            if not ok and shown < errors:
                shown += 1
                print(f"   [{kind}] {room.name}: {text} -> {answer}, wanted {wanted}\n      {query}")
    print(f"\n== {count} generated rooms, true boxes and labels")
    for kind in sorted(right):
        print(f"   {kind:32s} {100 * np.mean(right[kind]):5.1f} %  of {len(right[kind])}")


def room_table(room: Any) -> tuple[ObjectTable, Match]:
    objects = room.objects
    nowhere = np.full(3, np.nan)
    table = ObjectTable(
        ids=np.array([o.id for o in objects]),
        centers=np.array([o.box.center for o in objects]),
        extents=np.array([o.box.extent for o in objects]),
        rotations=np.array([o.box.rotation for o in objects]),
        fronts=np.array([nowhere if o.front is None else o.front for o in objects]),
        labels=tuple(singular(o.label) for o in objects),
        scene=room.name,
    )
    return table, label_match(table)


def room_queries(room: Any) -> Iterable[tuple[str, str, str, int]]:
    label = {o.id: singular(o.label) for o in room.objects}
    holds: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for fact in room.relations:
        if len(fact.anchors) == 1:
            holds[label[fact.subject], fact.predicate, label[fact.anchors[0]]].add(fact.subject)
        elif label[fact.anchors[0]] <= label[fact.anchors[1]]:
            holds[label[fact.subject], "between", f"{label[fact.anchors[0]]} and the {label[fact.anchors[1]]}"].add(
                fact.subject
            )
        else:
            holds[label[fact.subject], "between", f"{label[fact.anchors[1]]} and the {label[fact.anchors[0]]}"].add(
                fact.subject
            )
    for (subject, predicate, anchor), found in sorted(holds.items()):
        words = PREDICATE_WORDS.get(predicate, predicate)
        same = {i for i, name in label.items() if name == subject}
        if len(found) == 1 and len(same) > 1:
            yield "relation", predicate, f"the {subject} {words} the {anchor}", next(iter(found))
        if predicate in ("on", "inside", "under", "near"):
            yield (
                "counting",
                predicate,
                f"how many {subject}{'es' if subject.endswith(('s', 'x', 'ch')) else 's'} are {words} a {anchor}",
                len(found),
            )
            if len(same - found) == 1 and subject != anchor:
                yield "negation", predicate, f"{subject} not {words} a {anchor}", next(iter(same - found))


def _iou(a: Row, b: Row) -> float:
    ca, ea, cb, eb = (np.array(x) for x in (a["center"], a["extent"], b["center"], b["extent"]))
    shared = np.clip(np.minimum(ca + ea / 2, cb + eb / 2) - np.maximum(ca - ea / 2, cb - eb / 2), 0, None).prod()
    return float(shared / max(ea.prod() + eb.prod() - shared, 1e-9))


if __name__ == "__main__":
    main()
