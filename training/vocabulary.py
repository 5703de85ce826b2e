"""The words and phrases that the text tower learns from MiniLM: names of things, what they are made of and are for.

Lists: the search language's own nouns, the rooms' and the models' names, ImageNet's classes, WordNet's names of the
21,841 synsets of ImageNet-21k (they come with timm), MiniLM's whole words and, where the folder is given, the names and
definitions of LVIS and Objects365.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from training.imagenet_names import HOUSEHOLD
from training.models import NAMES
from training.phrases import SIZES, TEMPLATES, plural, room_names

DOING = """
sit on; sit at; lie on; sleep in; rest my head on; rest my feet on; lean back in; relax in; nap on; work at; write on;
write with; draw with; type on; read; read at night; eat at; eat from; eat with; drink from; drink; cook on; cook in;
bake in; fry eggs in; boil water; boil pasta in; heat food; warm up leftovers; make tea; brew espresso; grind coffee;
chop vegetables with; cut bread with; cut things; spread butter with; stir with; mix dough in; weigh flour; squeeze
oranges; open bottles; open cans; store food; keep milk cold; freeze meat; keep ice in; store wine; store shoes; store
books; store clothes; hang coats on; hang clothes on; dry clothes on; iron shirts; fold laundry on; wash clothes; wash
dishes; wash hands; wash my face; brush teeth with; shave at; take a shower in; bathe in; dry hair; dry off with; wipe
the table with; clean the floor; sweep the floor; mop the floor; vacuum the carpet; throw away garbage; recycle paper;
look at myself; see my reflection in; light the room; see in the dark; light a fire; keep the room warm; cool the room;
heat the house; let in light; let in fresh air; block the sun; cover the window; enter the room; leave the room; lock
the door; climb up; reach a high shelf; decorate the wall; decorate the table; hold flowers; water plants; grow plants
in; watch movies; watch television; listen to songs; play music on; play the piano; play games; play with; play
football; exercise with; ride; call someone; send a message; take photos; print documents; scan papers; browse the
internet; compute; charge a phone; plug in a lamp; turn on the light; change the channel; know the time; wake me up;
measure length; measure temperature; weigh myself; carry groceries; carry books; carry water; travel with; pack clothes
in; keep money in; keep documents in; keep pens in; put papers in; pin notes on; present slides on; cut paper with;
glue things; hammer nails; drive screws; drill holes; repair things; sew clothes; fight fires; give first aid; take
medicine; protect my head; protect from rain; keep my hands warm; keep my feet warm; wear; wear on my feet; put on my
head; see better; cover the bed; cover the floor; stand on; put things on; put drinks on; put a lamp on; put a plant in;
put a plate on; serve food on; pour water from; pour milk from; toast bread; grill meat; blend fruit; bake a cake; feed
the baby; change the baby; put the baby to sleep; entertain children; hold fish; keep a pet in; pray on; meditate on;
store toys; store tools; store cutlery; sort letters; divide the room; separate two rooms; extract smoke; remove
cooking smells; hear who is at the door; detect smoke; watch the entrance
"""
"""What people do with things at home; function phrases are made of it."""

FRAMES = (
    "something to {}", "something to {}", "a thing to {}", "a place to {}", "somewhere to {}", "where can I {}",
    "where do I {}", "I want to {}", "I need something to {}", "used to {}", "it helps to {}", "what do I use to {}",
)  # fmt: skip

MATERIALS = ("wooden", "metal", "plastic", "glass", "leather", "fabric", "stone", "marble", "ceramic", "steel",
             "paper", "wicker", "velvet", "chrome", "concrete", "bamboo", "porcelain", "cotton")  # fmt: skip

ROOMS = ("kitchen", "bathroom", "bedroom", "living room", "office", "garden", "hallway", "children's", "garage")


def clean(name: str) -> str:
    """Return a name in lower case with blanks for underlines, without a bracketed remark."""
    return re.sub(r"\s+", " ", re.sub(r"\(.*?\)", " ", name.replace("_", " ").lower())).strip()


def own_nouns() -> list[str]:
    """Return household names from core3d's own lists, those of the training models, and ImageNet's."""
    from core3d_search.query.nouns import NOUNS

    names = {clean(noun) for noun in NOUNS} | set(HOUSEHOLD.values())
    names |= {clean(name) for pair in NAMES.items() for name in pair if name}
    names |= {name for group in room_names().labels.values() for name in group}
    return sorted(names - {""})


def wordnet() -> list[str]:
    """Return every name of ImageNet-21k's synsets."""
    folder = files("timm") / "data" / "_info"
    lemmas = [line.split("\t")[1] for line in (folder / "imagenet_synset_to_lemma.txt").read_text().splitlines()]
    return sorted({clean(name) for line in lemmas for name in line.split(",")})


def lists(folder: Path) -> tuple[list[str], list[str]]:
    """Return the names and definitions of LVIS and Objects365 in `folder` (Detic's metadata)."""
    names, definitions = set(), []
    for entry in json.loads((folder / "lvis_v1_train_cat_info.json").read_text()):
        names |= {clean(name) for name in (entry["name"], *entry["synonyms"])}
        definitions.append(entry["def"])
    with (folder / "Objects365_names_fix.csv").open() as file:
        names |= {clean(name) for row in csv.reader(file) for name in row[1:]}
    return sorted(names), definitions


def whole_words(vocabulary: Path) -> list[str]:
    """Return the plain English words of MiniLM's word pieces."""
    return [word for word in vocabulary.read_text().splitlines() if re.fullmatch(r"[a-z]{3,16}", word)]


def function_phrases() -> list[str]:
    """Return every activity in every frame."""
    return [frame.format(" ".join(doing.split())) for doing in DOING.split(";") for frame in dict.fromkeys(FRAMES)]


def phrases(folder: Path | None, words: Path, seed: int = 0, composed: int = 8_000) -> list[str]:
    """Return all texts to learn, without repeats: names, definitions, words, function phrases and compositions."""
    rng = np.random.default_rng(seed)
    household = own_nouns()
    more, definitions = lists(folder) if folder else ([], [])
    synsets = [name for name in wordnet() if " " in name]  # single words come with MiniLM's own
    synsets = [synsets[i] for i in sorted(rng.choice(len(synsets), min(8000, len(synsets)), replace=False))]
    household = sorted({*household, *more})
    colors = sorted({name for group in room_names().colors.values() for name in group})

    def one_of(choices: Sequence[str]) -> str:
        return choices[rng.integers(len(choices))]

    made = []
    for _ in range(composed):
        noun = one_of(household)
        draw = rng.random()
        if draw < 0.4:
            noun = f"{one_of(MATERIALS)} {noun}"
        elif draw < 0.6:
            noun = f"{one_of(SIZES)} {noun}"
        elif draw < 0.75:
            noun = f"{one_of(ROOMS)} {noun}"
        elif draw < 0.9:
            noun = f"{noun} for the {one_of(ROOMS)}"
        if rng.random() < 0.3:
            noun = one_of(TEMPLATES).format(noun)
        made.append(noun)
    texts = [*household, *(plural(noun) for noun in household), *synsets, *definitions, *whole_words(words)]
    return list(dict.fromkeys([*texts, *function_phrases(), *colors, *MATERIALS, *made]))


def header_of(file: Path) -> dict[str, Any]:
    """Return the settings in the header of a safetensors file that training wrote."""
    content = file.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    settings: dict[str, Any] = json.loads(header["__metadata__"]["core3d"])
    return settings
