"""Numbers, units and what is measured."""

from __future__ import annotations

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "both": 2, "pair": 2, "couple": 2, "single": 1,
}  # fmt: skip

UNITS = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0, "cm": 0.01, "centimeter": 0.01,
    "centimeters": 0.01, "centimetre": 0.01, "centimetres": 0.01, "mm": 0.001, "foot": 0.3048, "feet": 0.3048,
    "ft": 0.3048, "millimetre": 0.001, "millimetres": 0.001, "yard": 0.9144, "yards": 0.9144, "inch": 0.0254,
    "inches": 0.0254,
}  # fmt: skip
"""Metres in a unit of length."""

DIMENSIONS = {
    "wide": "width", "width": "width", "tall": "height", "high": "height", "height": "height", "long": "length",
    "length": "length", "deep": "depth", "depth": "depth", "size": "size", "big": "size", "large": "size",
}  # fmt: skip

COMPARED = {
    "wider": ("width", ">"), "narrower": ("width", "<"), "taller": ("height", ">"), "higher": ("height", ">"),
    "shorter": ("height", "<"), "lower": ("height", "<"), "longer": ("length", ">"), "deeper": ("depth", ">"),
    "larger": ("size", ">"), "bigger": ("size", ">"), "smaller": ("size", "<"), "more": ("size", ">"),
    "less": ("size", "<"), "over": ("size", ">"), "under": ("size", "<"),
}  # fmt: skip
