"""What stands in a room says what room it is: "in the kitchen" holds where a stove and a fridge are."""

from __future__ import annotations

TYPICAL: dict[str, dict[str, float]] = {
    "kitchen": {"stove": 2.5, "refrigerator": 2.2, "range hood": 2.2, "kitchen counter": 2.0, "dishwasher": 1.8,
                "oven": 1.8, "toaster": 0.8, "kettle": 0.7, "pot": 0.7, "microwave": 0.7, "knife block": 0.9,
                "sink": 0.8, "coffee maker": 0.5, "bed": -1.5, "bathtub": -2.5, "toilet": -2.5},
    "bathroom": {"toilet": 2.8, "bathtub": 2.5, "shower": 2.5, "washbasin": 1.6, "towel": 1.0, "washing machine": 0.5,
                 "bed": -1.5, "couch": -1.5, "desk": -1.0, "stove": -2.5, "refrigerator": -1.5, "tv": -1.0},
    "bedroom": {"bed": 2.5, "nightstand": 1.4, "wardrobe": 1.2, "dresser": 0.8, "blanket": 0.3, "couch": -1.0,
                "stove": -2.0, "toilet": -2.5, "bathtub": -2.5, "refrigerator": -1.5, "desk": -0.4},
    "office": {"office chair": 1.3, "desk": 1.2, "printer": 1.2, "monitor": 0.8, "keyboard": 0.8, "whiteboard": 1.0,
               "bookshelf": 0.3, "bed": -2.2, "couch": -0.8, "stove": -2.5, "toilet": -2.5, "bathtub": -2.5,
               "tv stand": -1.0, "dining table": -0.8},
    "living room": {"couch": 2.0, "coffee table": 1.5, "tv": 1.2, "tv stand": 1.5, "armchair": 1.0, "fireplace": 1.0,
                    "bed": -2.2, "stove": -2.0, "toilet": -2.5, "bathtub": -2.5, "desk": -0.5},
    "dining room": {"dining table": 2.5, "chair": 0.5, "fruit bowl": 0.5, "plate": 0.4, "bed": -2.5, "stove": -1.8,
                    "couch": -1.0, "toilet": -2.5, "refrigerator": -1.5},
}  # fmt: skip
"""Room -> kinds of things and the log odds that one of them, surely seen, adds. [ours] from what such rooms hold."""

SAME_ROOM = {
    "restroom": "bathroom", "lounge": "living room", "sitting room": "living room", "study": "office",
    "workroom": "office", "washroom": "bathroom", "toilet room": "bathroom", "family room": "living room",
}  # fmt: skip
PRIOR = -1.2
"""Log odds of a room before anything was seen in it."""
