"""Real pictures: 106 boxes drawn by hand in 12 frames of 7-Scenes RedKitchen, each to be named out of 40 names.

    python benchmarks/kitchen_boxes.py REDKITCHEN [--room-network FILE]

REDKITCHEN is the folder of `frame-NNNNNN.color.jpg` (Microsoft 7-Scenes); none of it is in this repository, boxes and
names below are ours. A box is named from its own pixels ("box"), and from the pipeline's crops with the box as mask.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.encoders import Encoder, load_encoder
from core3d_search.indexer.config import TIGHT_CROPS
from core3d_search.indexer.crops import crop_images, crop_weights
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame

NAMES = """
chair; dining table; mug; magazine; book; tray; game controller; tv; keyboard; kitchen cabinet; kitchen counter;
computer mouse; picture; power outlet; paper; rug; sofa; bed; toilet; lamp; refrigerator; plant; pillow; vase; bottle;
bowl; microwave; kettle; stove; washing machine; window; door; curtain; backpack; laptop; monitor; clock; towel;
trash can; umbrella
"""

BOXES: dict[int, list[tuple[int, int, int, int, str]]] = {
    0: [
        (178, 128, 302, 338, "chair"), (300, 360, 622, 479, "chair"), (420, 146, 548, 215, "chair"),
        (224, 160, 639, 420, "dining table"), (362, 163, 401, 202, "mug"), (402, 193, 498, 240, "magazine"),
        (494, 255, 602, 342, "magazine"), (230, 55, 580, 200, "kitchen cabinet"), (484, 82, 586, 114, "keyboard"),
        (0, 240, 230, 479, "rug"),
    ],
    140: [
        (484, 322, 639, 479, "chair"), (80, 180, 500, 470, "kitchen cabinet"), (60, 150, 500, 300, "kitchen counter"),
        (195, 30, 350, 70, "power outlet"), (245, 120, 296, 192, "picture"),
    ],
    280: [
        (192, 221, 336, 272, "chair"), (520, 230, 639, 292, "chair"), (0, 262, 639, 479, "dining table"),
        (104, 262, 152, 314, "mug"), (526, 322, 574, 372, "mug"), (158, 290, 278, 330, "magazine"),
        (264, 352, 404, 462, "magazine"), (440, 0, 612, 68, "tv"), (436, 92, 484, 156, "book"),
        (498, 94, 548, 158, "book"), (0, 158, 364, 260, "kitchen cabinet"), (268, 138, 368, 158, "keyboard"),
    ],
    200: [
        (50, 318, 236, 479, "chair"), (400, 322, 540, 398, "chair"), (332, 378, 388, 438, "mug"),
        (386, 406, 528, 479, "magazine"), (250, 346, 639, 479, "dining table"), (0, 170, 546, 360, "kitchen cabinet"),
        (0, 160, 556, 250, "kitchen counter"), (368, 140, 420, 198, "book"), (430, 196, 556, 242, "keyboard"),
        (184, 78, 250, 160, "paper"),
    ],
    350: [
        (400, 164, 556, 238, "chair"), (78, 146, 222, 196, "chair"), (308, 234, 344, 280, "mug"),
        (392, 226, 548, 342, "tray"), (540, 322, 639, 398, "game controller"), (14, 248, 164, 326, "magazine"),
        (0, 198, 130, 240, "magazine"), (0, 176, 639, 479, "dining table"), (0, 84, 312, 200, "kitchen cabinet"),
        (380, 36, 430, 100, "book"), (444, 42, 494, 104, "book"), (154, 30, 196, 80, "book"),
    ],
    480: [
        (184, 244, 324, 316, "chair"), (470, 338, 639, 454, "chair"), (84, 264, 124, 308, "mug"),
        (394, 438, 436, 479, "mug"), (102, 296, 226, 364, "magazine"), (94, 394, 242, 479, "magazine"),
        (70, 310, 168, 384, "paper"), (0, 254, 600, 479, "dining table"), (518, 20, 639, 162, "tv"),
        (498, 164, 556, 232, "book"), (562, 182, 630, 256, "book"), (0, 130, 430, 350, "kitchen cabinet"),
        (322, 178, 432, 210, "keyboard"),
    ],
    780: [
        (315, 182, 480, 320, "chair"), (0, 374, 146, 479, "chair"), (290, 372, 372, 462, "mug"),
        (368, 332, 592, 476, "magazine"), (194, 246, 639, 479, "dining table"), (0, 92, 420, 356, "kitchen cabinet"),
        (168, 0, 242, 88, "book"), (256, 46, 422, 84, "keyboard"),
    ],
    420: [
        (160, 126, 296, 216, "chair"), (418, 240, 560, 479, "chair"), (0, 160, 450, 479, "dining table"),
        (44, 202, 236, 328, "tray"), (164, 310, 268, 396, "game controller"), (186, 0, 240, 54, "book"),
        (252, 0, 306, 70, "book"), (0, 196, 28, 242, "mug"), (0, 24, 136, 150, "kitchen cabinet"),
        (576, 40, 606, 80, "power outlet"),
    ],
    570: [
        (0, 245, 170, 450, "chair"), (322, 226, 500, 304, "chair"), (20, 272, 639, 479, "dining table"),
        (224, 288, 274, 352, "mug"), (278, 318, 424, 402, "magazine"), (408, 440, 540, 479, "magazine"),
        (0, 120, 536, 310, "kitchen cabinet"), (420, 104, 540, 134, "keyboard"),
    ],
    710: [
        (196, 268, 500, 479, "chair"), (512, 296, 639, 479, "dining table"), (230, 88, 639, 284, "kitchen cabinet"),
        (120, 285, 560, 479, "rug"),
    ],
    850: [
        (320, 206, 448, 296, "chair"), (0, 292, 164, 479, "chair"), (450, 310, 496, 362, "mug"),
        (474, 244, 614, 342, "tray"), (116, 76, 170, 148, "book"), (180, 66, 232, 140, "book"),
        (110, 0, 370, 38, "tv"), (60, 210, 639, 479, "dining table"),
    ],
    970: [
        (182, 196, 318, 254, "chair"), (482, 174, 634, 228, "chair"), (122, 266, 168, 318, "mug"),
        (496, 250, 532, 296, "mug"), (176, 272, 288, 320, "magazine"), (296, 312, 420, 398, "magazine"),
    ],
}  # fmt: skip
"""By frame: x0, y0, x1, y1 in pixels and the name."""


def open_encoder(room_network: Path | None) -> Encoder:
    """Return the built-in encoder, or the one that training/room_network.py wrote."""
    if room_network is None:
        return load_encoder("built-in")
    from training.room_network import RoomEncoder

    return RoomEncoder(room_network)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--room-network", type=Path, help="measure this encoder instead of the built-in one")
    arguments = parser.parse_args()
    encoder = open_encoder(arguments.room_network)
    names = [" ".join(name.split()) for name in NAMES.split(";")]
    texts = encoder.encode_texts(names)
    weights = crop_weights(TIGHT_CROPS)
    vectors: dict[str, list[np.ndarray]] = {"box": [], "all crops": []}
    truth = []
    for number, boxes in BOXES.items():
        rgb = np.asarray(Image.open(arguments.folder / f"frame-{number:06d}.color.jpg").convert("RGB"))
        masks = np.zeros((len(boxes), *rgb.shape[:2]), bool)
        for mask, (x0, y0, x1, y1, _) in zip(masks, boxes, strict=True):
            mask[y0:y1, x0:x1] = True
        frame = Frame(number, rgb, np.zeros(rgb.shape[:2], np.float32), np.eye(3), np.eye(4))
        crops = crop_images(frame, Detections.from_masks(masks, np.ones(len(boxes)), np.ones(len(boxes))), TIGHT_CROPS)
        single = {kind: encoder.encode_images(images) for kind, images in crops.items()}
        vectors["box"].append(single["box"])
        vectors["all crops"].append(sum(weights[kind] * single[kind] for kind in single))
        truth += [names.index(box[4]) for box in boxes]
    right = np.array(truth)
    print(
        f"{encoder.model_id}: {len(right)} boxes, {len(names)} names, commonest {Counter(truth).most_common(1)[0][1]}"
    )
    for kind, parts in vectors.items():
        similarity = np.concatenate(parts) @ texts.T
        better = (similarity > similarity[np.arange(len(right)), right][:, None]).sum(axis=1)
        print(f"{kind:12} top-1 {np.mean(better == 0):.1%}  top-5 {np.mean(better < 5):.1%}")


if __name__ == "__main__":
    main()
