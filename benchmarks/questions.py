"""Asks two hundred questions of twenty kinds about ten generated rooms: first answer right, silent, or wrong?

    python benchmarks/questions.py --seed 5000                   # through the whole pipeline: scans in, answers out
    python benchmarks/questions.py --seed 5000 --true-objects    # true boxes, labels, colours and materials

Wordings and truth: question_kinds.py. Through the pipeline a hit is right where no other object of the room overlaps
its box more than a right one. A wrong answer counts as "shown" where its score reaches the threshold; the rest is
silence. Rooms 3000 to 3009 are for development; report others.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from question_kinds import Question, Truth, questions
from search import iou, prepare

from core3d_search import Searcher
from core3d_search.datatypes import Hit

RIGHT, SILENT, WRONG = "right", "silent", "wrong"


@dataclass(frozen=True)
class Given:
    """What was answered: the first hit's true thing (None for a box on nothing), or the number or scene asked for."""

    thing: tuple[str, int] | None = None
    silent: bool = False
    count: int | None = None
    scene: str | None = None
    shown: str = ""


Asked = Callable[[Question], Given]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--seed", type=int, default=5000, help="rooms have the seeds from here on")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of the index")
    parser.add_argument("--workdir", type=Path, default=Path(tempfile.gettempdir()) / "core3d-benchmark")
    parser.add_argument("--true-objects", action="store_true", help="ask the truth, not what the pipeline saw")
    parser.add_argument("--show", action="store_true", help="print every question that is not answered right")
    arguments = parser.parse_args()
    arguments.true_masks = False
    truths = {truth["name"]: truth for _, truth in prepare(arguments)}
    asked = list(questions(truths))
    if arguments.true_objects:
        report(asked, ask_truth(truths), arguments.show)
        return
    with Searcher.open(arguments.workdir / "rooms.db") as searcher:
        report(asked, ask_searcher(searcher, truths), arguments.show)


def report(asked: list[Question], ask: Asked, show: bool) -> None:
    table: dict[str, Counter[str]] = {}
    for question in asked:
        given = ask(question)
        verdict = judge(question, given)
        table.setdefault(question.kind, Counter())[verdict] += 1
        if show and verdict != RIGHT:
            place = ", ".join(question.scenes) or "all"
            print(f"  {verdict:<7}[{question.kind}] {place}: {question.text!r} -> {given.shown or given}")
    print(f"\n{'kind':<28}{'asked':>6}{'right':>8}{'silent':>8}{'wrong':>8}")
    for kind, found in (*table.items(), ("all", sum(table.values(), Counter()))):
        n = sum(found.values())
        print(f"{kind:<28}{n:>6}" + "".join(f"{100 * found[v] / n:>7.1f}%" for v in (RIGHT, SILENT, WRONG)))


def judge(question: Question, given: Given) -> str:
    if question.count is not None:
        return RIGHT if given.count == question.count else WRONG
    if question.scene is not None:
        return RIGHT if given.scene == question.scene else SILENT if given.scene is None else WRONG
    if question.yes is not None:
        return RIGHT if given.silent != question.yes else SILENT if given.silent else WRONG
    if given.silent:
        return SILENT if question.answers else RIGHT
    return RIGHT if given.thing in question.answers else WRONG


def ask_searcher(searcher: Searcher, truths: dict[str, Truth]) -> Asked:
    """Return what asks the pipeline's database, hits traced back to the true things that they overlap most."""

    def ask(question: Question) -> Given:
        scenes = question.scenes or tuple(truths)
        answer = searcher.answer(question.text, k=1, scenes=scenes)
        if not answer.hits:
            return Given(None, True, answer.count, answer.most, answer.text)
        hit: Hit = answer.hits[0]
        overlaps = {item["id"]: iou(hit, item["box"]) for item in truths[hit.scene]["objects"]}
        best = max(overlaps, key=lambda key: overlaps[key])
        shown = f"{answer.text} ({hit.label} {hit.score:.2f})"
        thing = (hit.scene, best) if overlaps[best] > 0 else None
        return Given(thing, False, answer.count, answer.most, shown)

    return ask


def ask_truth(truths: dict[str, Truth]) -> Asked:
    """Return what asks lists of the true objects, the same engine without perception."""
    from core3d_search.search.grounding import LabelledObject, answer_labelled
    from core3d_search.synthetic.surfaces import COLORS

    rooms = {
        scene: [
            LabelledObject(
                o["id"], o["label"], o["box"]["center"], o["box"]["extent"], COLORS[o["color"]], o["front"],
                rotation=o["box"]["rotation"], material=o["material"],
            )
            for o in truth["objects"]
        ]
        for scene, truth in truths.items()
    }  # fmt: skip

    def ask(question: Question) -> Given:
        scenes = question.scenes or tuple(truths)
        answer = answer_labelled(question.text, {scene: rooms[scene] for scene in scenes}, k=1)
        if not answer.hits:
            return Given(None, True, answer.count, answer.most, answer.text)
        hit = answer.hits[0]
        shown = f"{answer.text} ({hit.label} #{hit.object_id} {hit.score:.2f})"
        return Given((hit.scene, hit.object_id), False, answer.count, answer.most, shown)

    return ask


if __name__ == "__main__":
    main()
