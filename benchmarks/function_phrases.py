"""Thirty phrases that say what a thing is for, written before the encoder was trained, with the kinds that answer them.

Used by `benchmarks/encoder.py`: a phrase is answered where the best of all objects is of one of its kinds. Training
must not read this file.
"""

from __future__ import annotations

FUNCTION_PHRASES: dict[str, frozenset[str]] = {
    phrase: frozenset(kinds.split(", "))
    for phrase, kinds in {
        "something to sit on": "chair, office chair, armchair, sofa, stool, bar stool, bench, pouf, ottoman",
        "somewhere to sleep": "bed, bunk bed, single bed, double bed, sofa bed, futon, day bed, crib, air mattress",
        "where can I wash my hands": "sink, washbasin, kitchen sink, bathroom vanity",
        "something to heat soup": "stove, microwave, cooktop, cooking pot, oven, pot",
        "a place to keep food cold": "refrigerator, chest freezer",
        "where do the dirty dishes go": "dishwasher, sink, kitchen sink",
        "something to tell the time": "clock, wall clock, alarm clock, wristwatch, cuckoo clock",
        "a place for my clothes": "wardrobe, dresser, chest of drawers, closet, clothes rack, coat rack, coat hook",
        "something to read by": "lamp, floor lamp, table lamp, desk lamp, ceiling lamp, pendant lamp",
        "where can I take a bath": "bathtub",
        "something to drink coffee from": "mug, cup, coffee cup, coffee mug",
        "a thing that makes coffee": "coffee maker",
        "something to throw waste into": "trash can, recycling bin, wastebasket",
        "where can I put my books": "bookshelf, shelf",
        "something to look out of": "window, french window",
        "a way out of the room": "door, glass door, window, french window",
        "something to watch a film on": "tv, projector, monitor, laptop",
        "something to toast bread": "toaster, toaster oven, sandwich maker",
        "a machine that washes clothes": "washing machine",
        "something to put out a fire": "fire extinguisher",
        "something to dry myself with": "towel",
        "where can I work on my computer": "desk, computer desk, table",
        "something that shows my reflection": "mirror",
        "something to keep out the rain": "umbrella",
        "something to listen to music": "speaker, stereo, radio, headphones, amplifier, piano",
        "something to warm the room": "radiator, heater, fireplace",
        "something to cool me down on a hot day": "fan, ceiling fan, air conditioner, refrigerator",
        "a thing to cut paper": "scissors",
        "something soft to put on the floor": "rug, bath mat, doormat, tatami, carpet",
        "a place to cook dinner": "stove, oven, cooktop",
    }.items()
}
