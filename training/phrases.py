"""What people may call an object of the generated rooms: phrases, each with the set of objects that it fits."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

NEUTRAL = ("object", "thing")
"""The phrases that every score is a contrast with: training makes them the line between yes and no."""

MORE_NAMES = {
    "screen": ("tv", "monitor"),
    "tv screen": ("tv",),
    "light": ("lamp", "floor lamp", "ceiling lamp"),
    "bin": ("trash can",),
    "wastebasket": ("trash can",),
    "poster": ("picture",),
    "picture frame": ("picture",),
    "loveseat": ("sofa",),
    "flowerpot": ("plant",),
    "pot plant": ("plant",),
    "bag": ("backpack", "suitcase"),
    "computer": ("laptop",),
    "shelving": ("bookshelf", "shelf"),
    "shelves": ("bookshelf", "shelf"),
    "toy": ("teddy bear", "ball"),
    "appliance": ("refrigerator", "stove", "dishwasher", "washing machine", "microwave", "toaster", "kettle"),
    "furniture": ("sofa", "armchair", "bed", "wardrobe", "dresser", "desk", "dining table", "cabinet", "bookshelf"),
}
"""Names beside those of the rooms' catalogue, some of several labels."""

FOREIGN = (
    *("giraffe", "helicopter", "unicycle", "airplane", "elephant", "boat", "tractor", "horse", "llama", "violin"),
    *(
        "dog",
        "cat",
        "cow",
        "sheep",
        "zebra",
        "tiger",
        "monkey",
        "penguin",
        "eagle",
        "shark",
        "whale",
        "snake",
        "spider",
    ),
    *("motorcycle", "train", "bus", "truck", "submarine", "rocket", "tank", "canoe", "surfboard", "skateboard", "ski"),
    *("umbrella", "hammer", "screwdriver", "ladder", "wheelbarrow", "chainsaw", "anvil", "cannon", "sword", "crown"),
    *("mountain", "river", "volcano", "bridge", "castle", "lighthouse", "windmill", "tent", "igloo", "pyramid"),
    *("saxophone", "trumpet", "harp", "drum", "accordion", "microscope", "telescope", "parachute", "balloon", "kite"),
    *("banana", "pineapple", "broccoli", "hamburger", "pizza", "donut", "sandwich", "spaghetti", "lobster", "mushroom"),
    *("ambulance", "forklift", "excavator", "scooter", "sled", "snowman", "scarecrow", "statue", "fountain", "fence"),
)
"""Things that no generated room holds; see `share_of`."""

TEMPLATES = (
    *["{}"] * 6,
    *("a {}", "the {}", "an image of {}", "an image of a {}", "a photo of a {}", "a picture of a {}", "one {}"),
    *("there is a {}", "a {} in a room", "find the {}", "my {}", "this {}", "some {}"),
)
SIZES = (
    "small",
    "big",
    "large",
    "tall",
    "little",
    "low",
    "huge",
    "tiny",
    "short",
    "long",
    "old",
    "new",
    "modern",
    "nice",
)
TONES = ("dark", "light", "bright", "pale")

Facts = tuple[str, str, str]
"""Label, colour and material of one object; all empty for a piece of wall or floor."""

EVERYTHING = None
"""A constraint that every object meets."""


@dataclass(frozen=True)
class Meaning:
    """Which objects a phrase fits: those of one of `labels`, `colors` and `materials`; None asks for nothing.

    `nearly` are labels that the noun also covers, though another name is better: "lamp" for a floor lamp.
    A `known` phrase fits something; an unknown one (a giraffe) fits nothing in any room.
    """

    labels: frozenset[str] | None = EVERYTHING
    colors: frozenset[str] | None = EVERYTHING
    materials: frozenset[str] | None = EVERYTHING
    nearly: frozenset[str] = frozenset()
    known: bool = True


@dataclass(frozen=True)
class Names:
    """The words of the rooms: every name of a label, a colour and a material, its own name first."""

    labels: Mapping[str, tuple[str, ...]]
    colors: Mapping[str, tuple[str, ...]]
    materials: Mapping[str, tuple[str, ...]]

    def nouns(self) -> dict[str, Meaning]:
        """Return each noun with its meaning; a noun that ends another label's name nearly means that label too."""
        owners: dict[str, set[str]] = {}
        for label, names in self.labels.items():
            for name in names:
                owners.setdefault(name, set()).add(label)
        meanings = {}
        for noun, labels in owners.items():
            exact = {noun} if noun in self.labels else labels
            wider = {label for name, others in owners.items() if name.endswith(" " + noun) for label in others}
            meanings[noun] = Meaning(frozenset(exact), nearly=frozenset((labels | wider) - exact))
        return meanings

    def words(self) -> list[str]:
        """Return every word that training may put into a phrase, sorted."""
        parts: list[str] = [*TEMPLATES, *SIZES, *TONES, *NEUTRAL, "something made of that is and with"]
        for names in (self.labels, self.colors, self.materials):
            parts += [word for group in names.values() for name in group for word in (name, plural(name))]
        return sorted({word for part in parts for word in re.findall(r"[a-z0-9]+", part.lower())})


def plural(noun: str) -> str:
    """Return the regular English plural, with the irregular ones that rooms need."""
    for ending, replacement in (("shelf", "shelves"), ("knife", "knives"), ("person", "people")):
        if noun.endswith(ending):
            return noun.removesuffix(ending) + replacement
    if re.search(r"(s|x|ch|sh)$", noun):
        return noun + "es"
    return noun[:-1] + "ies" if re.search(r"[^aeiou]y$", noun) else noun + "s"


def room_names() -> Names:
    """Return the names that the catalogue of rooms gives to things, colours and materials, and a few more."""
    from core3d_search.synthetic.catalogue import CATEGORIES
    from core3d_search.synthetic.surfaces import COLOR_SYNONYMS, COLORS, MATERIALS

    def names_of(label: str) -> tuple[str, ...]:
        more = (name for name, labels in MORE_NAMES.items() if label in labels)
        return tuple(dict.fromkeys((label, *CATEGORIES[label].synonyms, *more)))

    return Names(
        {label: names_of(label) for label in CATEGORIES},
        {color: tuple(dict.fromkeys((color, *COLOR_SYNONYMS.get(color, ())))) for color in COLORS},
        {material: tuple(dict.fromkeys((*MATERIALS[material].adjective, material))) for material in MATERIALS},
    )


class Phrasebook:
    """Draws phrases with their meanings."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.nouns = names.nouns()
        self.unknown = unknown_words(names.words())

    def noun(self, rng: np.random.Generator, label: str) -> tuple[str, Meaning]:
        """Return one of the names of `label`, its own name half of the time."""
        names = self.names.labels[label]
        name = names[0] if rng.random() < 0.5 else names[rng.integers(len(names))]
        return name, self.nouns[name]

    def about(self, rng: np.random.Generator, label: str, color: str, material: str) -> tuple[str, Meaning]:
        """Return a phrase from some of the three facts; it fits any object of which these are true."""
        kind = rng.choice(
            ["noun", "color noun", "material noun", "color material noun", "color", "material"],
            p=[0.26, 0.40, 0.14, 0.08, 0.08, 0.04],
        )
        name, meaning = self.noun(rng, label)
        hue, stuff = self._color(rng, color), self._one_of(rng, self.names.materials[material])
        colors = frozenset([color]) if "color" in kind else EVERYTHING
        materials = frozenset([material]) if "material" in kind else EVERYTHING
        if "noun" not in kind:
            word = hue if kind == "color" else stuff
            phrase = self._one_of(rng, (word, word, f"something {word}", f"{word} thing", f"{word} object"))
            return phrase, Meaning(EVERYTHING, colors, materials)
        if rng.random() < 0.15:
            name = plural(name)
        if rng.random() < 0.08:
            name = f"{self._one_of(rng, SIZES)} {name}"
        phrase = " ".join(word for word, part in ((hue, "color"), (stuff, "material"), (name, "noun")) if part in kind)
        if kind == "material noun" and rng.random() < 0.2:
            phrase = f"{name} made of {self.names.materials[material][-1]}"
        if kind == "color noun" and rng.random() < 0.1:
            phrase = f"{name} that is {hue}"
        return self._dressed(rng, phrase), Meaning(meaning.labels, colors, materials, meaning.nearly)

    def nonsense(self, rng: np.random.Generator) -> tuple[str, Meaning]:
        """Return a phrase whose noun is in no room, sometimes with a colour or material that is."""
        word = self._one_of(rng, self.unknown) if rng.random() < 0.8 else random_word(rng)
        draw = rng.random()
        if draw < 0.25:
            word = f"{self._color(rng, self._one_of(rng, tuple(self.names.colors)))} {word}"
        elif draw < 0.35:
            word = f"{self._one_of(rng, self.names.materials[self._one_of(rng, tuple(self.names.materials))])} {word}"
        elif draw < 0.45:
            word = f"{self._one_of(rng, self.unknown)} {word}"
        elif draw < 0.5:
            word = plural(word)
        return self._dressed(rng, word), Meaning(known=False)

    def _dressed(self, rng: np.random.Generator, phrase: str) -> str:
        return self._one_of(rng, TEMPLATES).format(phrase)

    def _color(self, rng: np.random.Generator, color: str) -> str:
        word = self._one_of(rng, self.names.colors[color])
        return f"{self._one_of(rng, TONES)} {word}" if rng.random() < 0.06 else word

    @staticmethod
    def _one_of(rng: np.random.Generator, choices: Sequence[str]) -> str:
        return choices[rng.integers(len(choices))]


def compare(
    meanings: Sequence[Meaning], facts: Sequence[Facts], names: Names
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return (N, T) how well each of T phrases fits each of N objects, and (N, T) whether it is half right.

    1 is yes, 0 no, 0.5 where another name is better. A phrase is half right about an object where one of the things
    that it asks for is true and another is not ("red chair" of a blue chair).
    """
    fit = np.array([[float(meaning.known)] * len(facts) for meaning in meanings], np.float32).T
    shares = np.zeros(fit.shape, bool)
    for column, (kind, words) in enumerate(
        (("labels", names.labels), ("colors", names.colors), ("materials", names.materials))
    ):
        position = {word: i for i, word in enumerate(words)}
        table = np.ones((len(meanings), len(position) + 1), np.float32)  # the last column: a piece of wall or floor
        table[:, -1] = 0
        asked = np.array([getattr(meaning, kind) is not EVERYTHING for meaning in meanings])
        for row in np.flatnonzero(asked):
            table[row] = 0
            if kind == "labels":
                table[row, [position[word] for word in meanings[row].nearly]] = 0.5
            table[row, [position[word] for word in getattr(meanings[row], kind)]] = 1
        true = table[:, [position.get(fact[column], -1) for fact in facts]].T
        fit *= true
        shares |= asked & (true > 0)
    return fit, shares & (fit == 0)


def share_of(word: str) -> str:
    """Return what an unknown word is used for; no word serves two ends, so that a new word stays truly new."""
    return ("evaluation", "calibration", "training", "training")[zlib.crc32(word.encode()) % 4]


def random_word(rng: np.random.Generator) -> str:
    """Return 3 to 10 random letters."""
    return "".join(chr(97 + letter) for letter in rng.integers(0, 26, rng.integers(3, 11)))


@lru_cache(maxsize=1)
def _english_words() -> tuple[str, ...]:
    """Return the whole words of CLIP's tokenizer, which comes with open_clip: common words of web captions."""
    import open_clip

    file = Path(open_clip.__file__).with_name("bpe_simple_vocab_16e6.txt.gz")
    merges = gzip.decompress(file.read_bytes()).decode().split("\n")[1:48895]  # as many as the tokenizer uses
    words = (merge.replace(" ", "").removesuffix("</w>") for merge in merges if merge.endswith("</w>"))
    return tuple(word for word in words if re.fullmatch(r"[a-z]{3,14}", word))


def unknown_words(known: Iterable[str]) -> tuple[str, ...]:
    """Return the common words for training that share no stem with any of `known`."""
    stems = {word[:4] for word in known if len(word) >= 4}
    known = set(known)
    return tuple(
        word
        for word in _english_words()
        if word not in known and word[:4] not in stems and word[-4:] not in known and share_of(word) == "training"
    )
