"""How the backbones behind clicks want their pixels: by mean and spread of ImageNet, where all were first trained."""

from __future__ import annotations

MEAN = (123.675, 116.28, 103.53)
"""Red, green, blue, on the scale 0 to 255."""
STD = (58.395, 57.12, 57.375)
"""Standard deviations, likewise."""
