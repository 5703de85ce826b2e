"""How well an encoder names what it sees: rooms of unseen seeds, true masks, the crops of the built-in profile and
their sum.

    python benchmarks/encoder.py --rooms 20 --frames 8
    python benchmarks/encoder.py --rooms 0 --scenes DIR        models in scenes that training/model_scenes.py rendered

Prints, by crop kind: category, colour and colour + category accuracy of single views against chance; of whole objects
(views averaged); for queries over all rooms at once, the share answered by a right object first, the share of absent
things rejected at score 0.5, and how long a text takes as a ratio to `import numpy`. With `--scenes`: how often the
name of a model is the best, or among the best five, of all names in the scenes, and whether the best of all objects for
a name bears it. In both: the phrases of function_phrases.py, and milliseconds a crop.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from history import add_record_option, record

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.function_phrases import FUNCTION_PHRASES
from core3d_search.encoders import Encoder, load_encoder
from training.objects import SeenObject, seen_models, seen_objects
from training.phrases import FOREIGN, share_of


def scores(encoder: Encoder, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
    """Return (texts, vectors) calibrated scores."""
    neutral = vectors @ encoder.encode_texts(encoder.calibration.neutral_phrases).T
    return np.stack([encoder.calibration.probability(vectors @ text, neutral) for text in encoder.encode_texts(texts)])


def names_table(encoder: Encoder, objects: Sequence[SeenObject]) -> tuple[float, int]:
    """Print, by crop kind, how often the best label, colour and both together are the true ones.

    Return the share of right labels with all views, and how many labels there were to choose from.
    """
    labels = sorted({seen.facts[0] for seen in objects} | set(getattr(encoder, "vocabulary", ())))
    colors = sorted({seen.facts[1] for seen in objects})
    label_vectors, color_vectors = encoder.encode_texts(labels), encoder.encode_texts(colors)
    pairs = [(label, color) for label in labels for color in colors]
    pair_vectors = encoder.encode_texts([f"{color} {label}" for label, color in pairs])
    view_facts = [seen.facts for seen in objects for _ in range(len(seen.views["combined"]))]
    rows = {
        f"one view, {kind}": (np.concatenate([seen.views[kind] for seen in objects]), view_facts)
        for kind in objects[0].views
    }
    rows["all views, combined"] = (np.stack([seen.embedding for seen in objects]), [seen.facts for seen in objects])
    print(f"{len(objects)} objects, {len(view_facts)} views, {len(labels)} categories, {len(colors)} colours")
    print(f"{'':26}{'category':>10}{'colour':>10}{'both':>10}")
    for name, (vectors, facts) in rows.items():
        label = [labels[best] for best in (vectors @ label_vectors.T).argmax(axis=1)]
        color = [colors[best] for best in (vectors @ color_vectors.T).argmax(axis=1)]
        pair = [pairs[best] for best in (vectors @ pair_vectors.T).argmax(axis=1)]
        right = (
            np.mean([guess == fact[0] for guess, fact in zip(label, facts, strict=True)]),
            np.mean([guess == fact[1] for guess, fact in zip(color, facts, strict=True)]),
            np.mean([guess == fact[:2] for guess, fact in zip(pair, facts, strict=True)]),
        )
        print(f"{name:26}" + "".join(f"{share:10.1%}" for share in right))
    named = right[0]  # of the last row, all views
    print(f"{'chance':26}{1 / len(labels):10.1%}{1 / len(colors):10.1%}{1 / len(pairs):10.1%}")
    most = [Counter(fact[column] for fact in view_facts).most_common(1)[0][1] / len(view_facts) for column in (0, 1)]
    print(f"{'always the commonest':26}{most[0]:10.1%}{most[1]:10.1%}")
    return float(named), len(labels)


def query_table(encoder: Encoder, objects: Sequence[SeenObject]) -> None:
    """Print how often a query finds a right object first, and how often an absent thing is rejected."""
    facts, rooms = [seen.facts for seen in objects], np.array([seen.room for seen in objects])
    vectors = np.stack([seen.embedding for seen in objects])
    similarity: dict[str, np.ndarray] = {}
    score: dict[str, np.ndarray] = {}
    labels, pairs = sorted({fact[0] for fact in facts}), sorted({fact[:2] for fact in facts})
    foreign = [word for word in FOREIGN if share_of(word) == "evaluation"]
    texts = [*labels, *(f"{color} {label}" for label, color in pairs), *foreign, *(f"red {word}" for word in foreign)]
    similarities, all_scores = encoder.encode_texts(texts) @ vectors.T, scores(encoder, texts, vectors)
    for text, row, values in zip(texts, similarities, all_scores, strict=True):
        similarity[text], score[text] = row, values

    def is_label(label: str) -> np.ndarray:
        return np.array([fact[0] == label for fact in facts])

    def is_pair(pair: tuple[str, str]) -> np.ndarray:
        return np.array([fact[:2] == pair for fact in facts])

    def covers(label: str) -> np.ndarray:
        return np.array([fact[0] == label or fact[0].endswith(" " + label) for fact in facts])

    def first_is_right(text: str, right: np.ndarray, among: np.ndarray) -> bool:
        return bool(right[np.flatnonzero(among)[similarity[text][among].argmax()]])

    everywhere = np.ones(len(facts), bool)
    named = [(label, label, is_label(label)) for label in labels]
    colored = [(f"{pair[1]} {pair[0]}", pair[0], is_pair(pair)) for pair in pairs]
    print(f"\n{'query, right object first':42}{'one room':>10}{'all rooms':>10}{'score >= 0.5':>14}")
    for name, queries in (("category", named), ("colour + category", colored)):
        inside = [
            first_is_right(text, right, rooms == room) for text, _, right in queries for room in set(rooms[right])
        ]
        overall = [first_is_right(text, right, everywhere) for text, _, right in queries]
        found = [score[text][right].max() >= 0.5 for text, _, right in queries]
        print(f"{name:42}{np.mean(inside):10.1%}{np.mean(overall):10.1%}{np.mean(found):14.1%}")
    print(f"\n{'absent from every room: no score >= 0.5':42}{'rejected':>10}{'queries':>10}")
    absent = {
        "a thing of no room": [score[word].max() for word in foreign],
        "a thing of no room, red": [score[f"red {word}"].max() for word in foreign],
        "a category, its objects left out": [score[label][~covers(label)].max() for label in labels],
        "colour + category, of other colours only": [
            score[text][is_label(label) & ~right].max()
            for text, label, right in colored
            if (is_label(label) & ~right).any()
        ],
    }
    for name, best in absent.items():
        print(f"{name:42}{np.mean(np.array(best) < 0.5):10.1%}{len(best):10d}")


def models_table(encoder: Encoder, objects: Sequence[SeenObject]) -> None:
    """Print how often the true name is the best, and among the best five, of all names; and first hits by name."""
    names = sorted({seen.facts[0] for seen in objects})
    texts = encoder.encode_texts(names)
    true = np.array([names.index(seen.facts[0]) for seen in objects])
    of_view = np.repeat(true, [len(seen.views["combined"]) for seen in objects])
    rows = {
        f"one view, {kind}": (np.concatenate([seen.views[kind] for seen in objects]), of_view)
        for kind in objects[0].views
    }
    rows["all views, combined"] = (np.stack([seen.embedding for seen in objects]), true)
    print(f"{len(objects)} models in scenes, {len(of_view)} views, {len(names)} names")
    print(f"{'':26}{'top-1':>10}{'top-5':>10}")
    for title, (vectors, right) in rows.items():
        similarity = vectors @ texts.T
        better = (similarity > similarity[np.arange(len(right)), right][:, None]).sum(axis=1)
        print(f"{title:26}{np.mean(better == 0):10.1%}{np.mean(better < 5):10.1%}")
    best = (rows["all views, combined"][0] @ texts.T).argmax(axis=0)
    print(f"{'right object first by name':26}{np.mean(true[best] == np.arange(len(names))):10.1%}")


def functions_table(encoder: Encoder, objects: Sequence[SeenObject]) -> None:
    """Print how many of the function phrases that something here answers are answered by the best of all objects."""
    kinds = [seen.facts[0] for seen in objects]
    vectors = np.stack([seen.embedding for seen in objects])
    right, asked, wrong = 0, 0, []
    for phrase, answers in FUNCTION_PHRASES.items():
        if answers.isdisjoint(kinds):
            continue
        asked += 1
        best = kinds[int((vectors @ encoder.encode_texts([phrase])[0]).argmax())]
        right += best in answers
        wrong += [] if best in answers else [f"{phrase}: {best}"]
    print(f"\nfunction phrases: {right} of {asked} answered by the best object; wrong: {'; '.join(wrong)}")


def crop_time(encoder: Encoder, count: int = 64) -> float:
    """Return the processor's milliseconds a crop of 150 x 120 pixels, on one thread."""
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (120, 150, 3)).astype(np.uint8) for _ in range(count)]
    encoder.encode_images(images[:8])
    start = time.process_time()
    encoder.encode_images(images)
    return (time.process_time() - start) * 1000 / count


def text_time(model_id: str) -> float:
    """Return how long a fresh process takes to encode one phrase, as a multiple of `import numpy`."""

    def median_seconds(code: str) -> float:
        seconds = []
        for _ in range(7):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            seconds.append(time.perf_counter() - start)
        return float(np.median(seconds))

    encode = f"from core3d_search.encoders import load_encoder; load_encoder({model_id!r}).encode_texts(['red chair'])"
    return median_seconds(encode) / median_seconds("import numpy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="built-in", help="registered name or model id")
    parser.add_argument("--folder", type=Path, help="the built-in encoder's two files instead of those in the package")
    parser.add_argument("--room-network", type=Path, help="what training/room_network.py wrote (built-in/1), instead")
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--frames", type=int, default=8, help="frames of each room")
    parser.add_argument("--scenes", type=Path, help="folder of scenes of models")
    parser.add_argument("--every", type=int, default=1, help="use each n-th frame of the scenes")
    add_record_option(parser)
    arguments = parser.parse_args()
    encoder = open_encoder(arguments)
    if arguments.rooms:
        seeds = range(arguments.first_seed, arguments.first_seed + arguments.rooms)
        start = time.perf_counter()
        objects = seen_objects(encoder, seeds, arguments.frames)
        print(f"{encoder.model_id}, rooms {seeds.start} to {seeds.stop - 1}: {time.perf_counter() - start:.0f} s")
        right, kinds = names_table(encoder, objects)
        if arguments.record:
            what = "objects named right, with true masks and all views"
            record({what: f"{100 * right:.1f} % ({kinds} kinds to choose from)"})
        query_table(encoder, objects)
        functions_table(encoder, objects)
    if arguments.scenes:
        models = seen_models(encoder, sorted(arguments.scenes.glob("*.npz")), arguments.every)
        print(f"{encoder.model_id}, {arguments.scenes}")
        models_table(encoder, models)
        functions_table(encoder, models)
    print(f"\n{crop_time(encoder):.1f} ms a crop on one thread")
    if not arguments.room_network:
        ratio = text_time(encoder.model_id)
        print(f"a fresh process that encodes one phrase takes {ratio:.2f} x `import numpy`")


def open_encoder(arguments: argparse.Namespace) -> Encoder:
    """Return the encoder that the arguments ask for."""
    if arguments.room_network:
        from training.room_network import RoomEncoder

        return RoomEncoder(arguments.room_network)
    return load_encoder(arguments.encoder, **({"folder": arguments.folder} if arguments.folder else {}))


if __name__ == "__main__":
    main()
