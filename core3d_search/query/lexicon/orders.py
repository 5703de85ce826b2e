"""Which words pick one among several: superlatives, ordinals, sides."""

from __future__ import annotations

from core3d_search.query.lexicon.tables import phrases, table, words

SELECTOR_WORDS = table("""
closest: closest to | nearest to | nearest | closest | nearest from | most near | closer to | nearer to | closest
    from | nearer | closer | closes to | closet to | the least far from | closest of | closest too | closer too |
    closest towards | closest toward | most close to
farthest: farthest from | furthest from | farthest away from | furthest away from | most far from | farther from |
    further from | farther away from | further away from | farthest to | furthest to | most distant from | farthest
    away | furthest away | farthest | furthest | farther away | further away | farther | further | furtherest |
    furtherest from | furthermost | furthest of | furthest form | farthest form | the most far | least close to |
    fartherest from | further to | furtherest away from
largest: largest | biggest | larger | bigger | hugest | greatest | largest sized | bulkiest | fullest | fuller |
    most large
smallest: smallest | smaller | tiniest | littlest | littler | tinier | least big
tallest: tallest | taller
shortest: shortest | shorter | squattest
longest: longest | longer
widest: widest | wider | thickest | thicker | fatter | broadest | fattest | broader | deepest | deeper
narrowest: narrowest | narrower | thinnest | thinner | skinniest | skinnier | slimmest | slimmer | slenderest
highest: highest | uppermost | topmost | higher | higher up | top most | upmost | upper most | highest up | most
    elevated
lowest: lowest | bottommost | lowermost | lower down | bottom most | lower most | closest to the ground | closest to
    the floor | nearest the floor | nearest to the floor | nearest the ground | closest to ground | closest to floor
leftmost: leftmost | left most | furthest left | farthest left | furthest to the left | farthest to the left | most
    left | far left | further left | furthest on the left | farthest on the left | all the way to the left | all the
    way on the left | more to the left | further to the left | on the far left | to the far left | leftermost
rightmost: rightmost | right most | furthest right | farthest right | furthest to the right | farthest to the right
    | most right | far right | further right | furthest on the right | farthest on the right | all the way to the
    right | all the way on the right | more to the right | further to the right | on the far right | to the far
    right
darkest: darkest | darker | blackest | dimmest
lightest: lightest | lighter | brightest | brighter | whitest | whiter | palest
middle: middlemost | middle most | center most | centermost | most central | most centered
backmost: rearmost | backmost | in the back | at the back | in the rear | in back | in the background | at the far
    end | farthest back | furthest back | at the far side
frontmost: frontmost | in the front | at the front | up front | foremost | in the foreground | in front | out front
    | closest to you | nearest to you | closest to me | nearest you
""")
"""Order: the words that pick the first (or a counted) object in it."""

SELECTOR_PHRASES = phrases(SELECTOR_WORDS)

ORDER_NAMES = tuple(sorted({*SELECTOR_WORDS, "loneliest"}))

ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "7th": 7, "8th": 8, "9th": 9, "10th": 10,
    "last": -1, "forth": 4,
}  # fmt: skip

SIDES = {
    "left": "leftmost", "right": "rightmost", "lefthand": "leftmost", "righthand": "rightmost", "top": "highest",
    "bottom": "lowest", "upper": "highest", "lower": "lowest", "middle": "middle", "center": "middle", "centre":
    "middle", "central": "middle", "front": "frontmost", "back": "backmost", "rear": "backmost", "centered": "middle",
    "mid": "middle", "topmost": "highest",
}  # fmt: skip

SIDE_NOUNS = words("side hand end part portion position option area half section direction edge most spot sides")

BEFORE_SIDES = words(
    "the your its his her my our their a far very extreme immediate direct immediately directly 's upper lower it most "
    "slightly just"
)

AFTER_ORDINALS = words("from in on to down up left right over")

COUNTED_FROM = words(
    """
    leftmost rightmost highest lowest closest farthest largest smallest tallest shortest frontmost backmost
    """
)

_ALONE = """
all by itself | by itself | by themselves | on its own | standing alone | all alone | alone by itself | alone |
isolated | stand alone | off by itself | separate from the others | separated from the others | away from the others |
apart from the others | by it self | solo | away from the other | apart from the other | separate from the other |
loner | set apart
"""

ALONE: dict[str, list[tuple[str, ...]]] = {}
for _phrase in _ALONE.split("|"):
    ALONE.setdefault(_phrase.split()[0], []).append(tuple(_phrase.split()))
"""First word -> phrases that ask for the object that stands apart from its like."""
