"""Other people's models of furniture and household things: which to train on, what they are called, how they load.

A library is a folder that `extract_sh3d.py` wrote: `catalog.json` and one OBJ with its textures a model (metres, y up,
base at 0). Names of the catalogue become everyday names here; models that no name fits, and stretched ones, are left
out.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

OUTDOORS = frozenset({"Characters", "Vehicles", "Exterior", "Staircases"})

MAX_STRETCH = 1.3
"""Ratio of the scales along two axes that the catalogue's size asks of a model; beyond it, a chair looks wrong."""

MAX_TRIANGLES = 150_000

DEVELOPMENT_SHARE = 5
"""One model in so many is kept out of training, to choose by and to calibrate on."""

NAMES = {
    "air conditioning - internal unit": "air conditioner",
    "apple ibook": "laptop",
    "apple imac 1998": "desktop computer",
    "apple imac 2004": "desktop computer",
    "apple iphone": "mobile phone",
    "armchair ottoman": "ottoman",
    "baby bed": "cradle",
    "baby high chair": "high chair",
    "bar chair": "bar stool",
    "basin": "washbasin",
    "bathmat": "bath mat",
    "bill 10€": "banknote",
    "bill 20€": "banknote",
    "bill 50€": "banknote",
    "biplane": "toy airplane",
    "black table": "table",
    "bonsai tree": "bonsai",
    "bootie": "boot",
    "bullet trash can": "trash can",
    "burlap sofa": "sofa",
    "cctv": "security camera",
    "cap": "baseball cap",
    "captain's bed": "bed",
    "card game": "playing cards",
    "chair with cushion": "chair",
    "chandelier lamp": "chandelier",
    "child bed": "bed",
    "children chair": "chair",
    "children table": "table",
    "chimney": "fireplace",
    "classic lamppost": "",
    "clear sofa": "sofa",
    "clothes basket": "laundry basket",
    "clothes horse": "drying rack",
    "clothes rack": "clothes rack",
    "clothes washing machine": "washing machine",
    "coffee brewer": "coffee maker",
    "coffee machine": "coffee maker",
    "cone": "traffic cone",
    "contemporary living room": "",
    "convertible sofa bz": "sofa bed",
    "cooker": "stove",
    "corner bathtub": "bathtub",
    "corner sofa": "sofa",
    "cosmetics pot": "cosmetics jar",
    "couch": "sofa",
    "creamer": "milk jug",
    "cup cake": "cupcake",
    "cutting pliers": "pliers",
    "dart game": "dartboard",
    "decorative plant": "plant",
    "deer": "deer figurine",
    "desk lamp": "desk lamp",
    "desk table": "desk",
    "double french window 3 panes": "french window",
    "double french window small panes": "french window",
    "double arched window": "window",
    "double door": "door",
    "double door with panes": "glass door",
    "double oven": "oven",
    "double vanity": "bathroom vanity",
    "double window 3 panes": "window",
    "double window 4 panes": "window",
    "double window with large pane": "window",
    "double-hung window": "window",
    "drawers cabinet": "chest of drawers",
    "dressing table": "dressing table",
    "drill": "power drill",
    "dryer machine": "clothes dryer",
    "dustbin": "trash can",
    "electric water heater": "water heater",
    "electronic scale": "kitchen scale",
    "elevator door": "elevator door",
    "emergency sign": "exit sign",
    "exterior door": "door",
    "extinguisher": "fire extinguisher",
    "fence": "",
    "ficus": "plant",
    "flacon": "perfume bottle",
    "flipper": "pinball machine",
    "fluorescent light": "fluorescent lamp",
    "fluorescent strip": "fluorescent lamp",
    "folding table": "folding table",
    "football table": "foosball table",
    "frame chambord": "picture",
    "frame hôi an": "picture",
    "fridge": "refrigerator",
    "full bookcase": "bookshelf",
    "bookcase": "bookshelf",
    "futon couch": "futon",
    "gaz water heater": "water heater",
    "glass": "drinking glass",
    "glass table": "glass table",
    "grand piano": "piano",
    "grinder": "angle grinder",
    "hanging light": "pendant lamp",
    "hashtray": "ashtray",
    "high cabinet": "cabinet",
    "hood": "range hood",
    "indoor bike": "exercise bike",
    "induction cooker 2 zones": "cooktop",
    "induction cooker 4 zones": "cooktop",
    "inkjet printer and scanner": "printer",
    "intercom with screen": "intercom",
    "iron bed": "bed",
    "iron railing": "railing",
    "island bath": "bathtub",
    "island extension": "kitchen island",
    "japanese lantern": "paper lantern",
    "joystick": "game controller",
    "keyboard": "piano keyboard",
    "knife stand": "knife block",
    "large fridge": "refrigerator",
    "little lamp": "table lamp",
    "little plant": "plant",
    "locked locker": "locker",
    "lower cabinet": "kitchen cabinet",
    "lower corner cabinet": "kitchen cabinet",
    "mp3 base": "speaker",
    "medicine box": "medicine box",
    "mezzanine bed": "bunk bed",
    "milk": "milk carton",
    "mini stereo": "stereo",
    "mixer": "stand mixer",
    "mocassin": "shoe",
    "modern armchair": "armchair",
    "mower": "lawn mower",
    "number lock": "keypad",
    "oak chair": "chair",
    "oak table": "table",
    "oil servers": "oil bottle",
    "old jar": "jar",
    "open cardboard box": "cardboard box",
    "opened convertible sofa bz": "sofa bed",
    "orchids": "orchid",
    "oriental rug": "rug",
    "osaka chair": "chair",
    "outdoor lamp": "wall lamp",
    "oval plate": "plate",
    "park light": "",
    "pedestal vase lamp": "table lamp",
    "penbox": "pencil holder",
    "pendant lamp": "pendant lamp",
    "phone": "telephone",
    "plastic chair": "chair",
    "plastic cup": "cup",
    "plate, glass and cutlery": "place setting",
    "plate, glasses and cutlery": "place setting",
    "playstation": "game console",
    "porch light": "wall lamp",
    "pottery": "vase",
    "propane stove": "camping stove",
    "puff": "pouf",
    "punching ball": "punching bag",
    "quadruple french window": "french window",
    "quadruple french window 3 panes": "french window",
    "quadruple french window small panes": "french window",
    "quadruple arched window": "window",
    "reflex camera": "camera",
    "rigged fan": "fan",
    "round carpet": "rug",
    "round chimney": "fireplace",
    "round table": "table",
    "rounded dimmer switch": "light switch",
    "rounded double switch": "light switch",
    "rounded switch": "light switch",
    "square dimmer switch": "light switch",
    "square double switch": "light switch",
    "square switch": "light switch",
    "wall dimmer switch": "light switch",
    "wall double switch": "light switch",
    "wall switch": "light switch",
    "ryokan chair": "floor chair",
    "screen": "folding screen",
    "screen door": "screen door",
    "shelves": "shelf",
    "shipping container": "",
    "short": "shorts",
    "shower head and faucet": "shower",
    "shower stall": "shower cabin",
    "sink cabinet": "kitchen sink",
    "sliding window": "window",
    "small lavatory": "washbasin",
    "small oven": "toaster oven",
    "small step ladder": "ladder",
    "small upper cabinet": "kitchen cabinet",
    "sneakers": "sneaker",
    "socket": "sock",
    "sofa 2 seats": "sofa",
    "sofa 3 seats": "sofa",
    "spice tower": "spice rack",
    "squeezer": "juicer",
    "step ladder": "ladder",
    "stereo amplifier": "amplifier",
    "stone grill device": "raclette grill",
    "street lamp": "",
    "street light": "",
    "sugar": "sugar bowl",
    "tv 16:9": "tv",
    "tv remote control": "remote control",
    "table on trestles": "table",
    "table with tablecloth": "table",
    "table fan": "fan",
    "tape": "adhesive tape",
    "technical table": "desk",
    "television cabinet": "tv stand",
    "text marker": "highlighter",
    "toilet paper dispenser": "toilet paper",
    "toilets unit": "toilet",
    "tool": "cooking utensil",
    "triple french window": "french window",
    "trunck": "trunk",
    "turn window": "window",
    "upper cabinet": "kitchen cabinet",
    "upper corner cabinet": "kitchen cabinet",
    "upper shelves cabinet": "kitchen cabinet",
    "vanity": "bathroom vanity",
    "vertical shelves": "shelf",
    "video projector": "projector",
    "wall flat tv": "tv",
    "wall hanger": "coat hook",
    "wall lamp artwork": "wall lamp",
    "wall light": "wall lamp",
    "wall spotlight": "wall lamp",
    "watch": "wristwatch",
    "white board": "whiteboard",
    "winchester armchair": "armchair",
    "winchester sofa": "sofa",
    "window blind": "blinds",
    "woman shoes": "high heels",
    "wood logs": "firewood",
    "wood toy": "wooden toy",
    "wooden alder table": "table",
    "wooden desk": "desk",
    "wooden table": "table",
    "wooden teak table": "table",
    "yogurt bottle": "yogurt",
    "kitchen tool": "cooking utensil",
    "desk": "desk",
    "brush": "toothbrush",
}
"""Everyday names of what the catalogue calls otherwise; "" leaves a model out."""


SAME = {
    "coffee maker": "coffee machine",
    "bedside table": "nightstand",
    "table": "dining table",
    "folding table": "dining table",
    "glass table": "dining table",
    "table lamp": "lamp",
    "desk lamp": "lamp",
    "pendant lamp": "ceiling lamp",
    "coffee mug": "mug",
    "coffee cup": "cup",
    "chest of drawers": "dresser",
    "kitchen sink": "sink",
    "cardboard box": "box",
    "pouf": "ottoman",
    "bar stool": "stool",
    "basketball": "ball",
    "wine bottle": "bottle",
    "bowl with fruits": "fruit bowl",
    "hospital bed": "bed",
    "floor chair": "chair",
    "office table": "desk",
}
"""Names of models that our rooms call otherwise: one name a thing, so that training does not set them apart."""

OFFICE_CHAIRS = frozenset({"katorlegaz__office-chair", "scopia__office_chair", "scopia__kids_desk_chair"})


def class_name(name: str, key: str = "") -> str:
    """Return the class that training puts a model in: the rooms' own name of it where they have one."""
    return "office chair" if key.lower() in OFFICE_CHAIRS else SAME.get(name, name)


@dataclass(frozen=True)
class Model:
    """One model of a library: its everyday `name`, `size` (3,) in metres (width, height, depth) and place."""

    key: str
    name: str
    file: Path
    size: tuple[float, float, float]
    elevation: float
    opening: bool
    """A door or window: it stands in a wall."""
    plain: bool
    """It has neither texture nor coloured material, so training paints it."""

    @property
    def development(self) -> bool:
        """Whether the model is kept out of training."""
        return zlib.crc32(self.key.encode()) % DEVELOPMENT_SHARE == 0


def everyday_name(name: str) -> str:
    """Return what people call a model of this catalogue name; "" where it is no household thing."""
    low = name.lower()
    if re.search(r"\b(plug|socket type)\b", low):
        return "power outlet"
    return NAMES.get(low, low)


def indoor_models(library: Path) -> list[Model]:
    """Return the indoor models of `library`, sorted by key."""
    models = []
    for entry in json.loads((library / "catalog.json").read_text()):
        name = everyday_name(entry["name"])
        if not name or entry["category"] in OUTDOORS or entry["triangles"] > MAX_TRIANGLES:
            continue
        if entry["anisotropy"] > MAX_STRETCH:
            continue
        size = (entry["size_m"]["width"], entry["size_m"]["height"], entry["size_m"]["depth"])
        file = library / entry["path"]
        coloured = bool(entry["textures"]) or _has_colour(file)
        models.append(
            Model(entry["key"], name, file, size, entry["elevation_m"], entry["door_or_window"], not coloured)
        )
    return sorted(models, key=lambda model: model.key)


def _has_colour(file: Path) -> bool:
    """Return whether any material of an OBJ's MTL is coloured: its channels differ by more than 0.05."""
    for mtl in file.parent.glob("*.mtl"):
        for line in mtl.read_text(errors="replace").splitlines():
            if line.strip().startswith("Kd "):
                channels = [float(value) for value in line.split()[1:4]]
                if max(channels) - min(channels) > 0.05:
                    return True
    return False


@dataclass(frozen=True, eq=False)
class Part:
    """Triangles of one material: `corners` (T, 3, 3) metres with z up, `normals` (T, 3, 3), `uvs` (T, 3, 2)."""

    corners: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]
    uvs: npt.NDArray[np.float32] | None
    color: npt.NDArray[np.float32]
    """Linear RGB in [0, 1]."""
    texture: npt.NDArray[np.uint8] | None
    """(h, w, 3) sRGB."""
    gloss: float
    clear: bool
    """See-through, as glass."""


def load_parts(model: Model) -> list[Part]:
    """Return the parts of a model, x to the right, y to the back, z up, its base at z = 0, centred over the origin."""
    import trimesh

    scene: Any = trimesh.load(model.file, process=False, force="scene")
    parts = []
    for mesh in scene.dump():
        if not len(mesh.faces):
            continue
        material = getattr(mesh.visual, "material", None)
        turn = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)
        corners = np.asarray(mesh.vertices, np.float32)[mesh.faces] @ turn.T
        normals = np.asarray(mesh.vertex_normals, np.float32)[mesh.faces] @ turn.T
        uv = getattr(mesh.visual, "uv", None)
        diffuse = np.asarray(getattr(material, "diffuse", (180, 180, 180, 255)), np.float32) / 255
        image = getattr(material, "image", None)
        texture = None
        if image is not None and uv is not None and len(uv) == len(mesh.vertices):
            rgb = image.convert("RGB")
            rgb.thumbnail((512, 512))
            texture = np.asarray(rgb)
        uvs = np.asarray(uv, np.float32)[mesh.faces] if texture is not None else None
        shine = float(getattr(material, "glossiness", 0) or 0)
        clear = bool(len(diffuse) > 3 and diffuse[3] < 0.6)
        parts.append(Part(corners, normals, uvs, diffuse[:3] ** 2.2, texture, min(1.0, shine / 200), clear))
    points = np.concatenate([part.corners.reshape(-1, 3) for part in parts])
    low, high = points.min(0), points.max(0)
    shift = np.array([-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2]], np.float32)
    return [
        Part(part.corners + shift, part.normals, part.uvs, part.color, part.texture, part.gloss, part.clear)
        for part in parts
    ]
