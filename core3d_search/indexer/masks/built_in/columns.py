"""Names of the columns in which regions and borders are measured."""

from __future__ import annotations

from enum import IntEnum


class Moment:
    """Columns of `Regions.moments`: sums over the pixels of a region, each weighted by the square metres it shows.

    Those from POINT to NORMAL are summed where there is depth, of which KNOWN is the area; positions have z up.
    """

    AREA = 0
    LAB = slice(1, 4)
    LAB_SQUARED = slice(4, 7)
    KNOWN = 7
    POINT = slice(8, 11)
    POINT_PRODUCTS = slice(11, 17)
    """xx, yy, zz, xy, xz, yz."""
    NORMAL = slice(17, 20)
    BARE = 20
    """Bare floor, wall or ceiling."""
    ON_PLANE = 21
    """On a structure plane, bare or not."""
    AT_RIM = 22
    """At the image border."""
    STRUCTURE = 23
    """Structure to the pixel network."""
    PLACE = slice(24, 36)
    """Place in the pixel network's space."""
    PLACE_SQUARED = 36
    """Squared length of the place."""
    COUNT = 37


class Evidence(IntEnum):
    """Columns of `Regions.evidence`, measured at each pixel of a border and summed.

    Convex creases lie inside objects, concave ones between them (LCCP, Stein et al., CVPR 2014).
    """

    COLOR = 0
    """Contrast of colour."""
    OFF_TANGENT = 1
    """Distance to the other side's tangent plane."""
    STEP = 2
    """That distance with its sign, from a to b, so that noise averages away."""
    CONCAVE = 3
    CONVEX = 4
    NO_DEPTH = 5
    OTHER_PLANE = 6
    """Different structure planes, or one side on none."""
    BARE_SIDE = 7
    """Bare structure on one side only."""
    SAME_PLANE = 8
    PLACES_NEAR = 9
    """That the pixel network sees two things, from near the border."""
    PLACES_FAR = 10
    """That it sees two things, from farther off."""
