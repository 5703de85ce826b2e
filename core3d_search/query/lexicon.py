"""The vocabulary of the search language: which words say which relation, order, size, colour, and which say nothing.

Names of things are in `nouns`. Tables are text, one meaning a line: `meaning: words | other words`.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _table(text: str) -> dict[str, tuple[str, ...]]:
    """Return meaning -> phrases; a line that begins with a blank continues the one before."""
    lines = text.strip().replace("\n    ", " ").splitlines()
    pairs = (line.split(":", 1) for line in lines)
    return {meaning.strip(): tuple(phrase.strip() for phrase in phrases.split("|")) for meaning, phrases in pairs}


RELATION_WORDS = _table("""
near: near | next to | beside | besides | by | close to | closer to | nearby | near to | adjacent to | alongside |
    along side | along side of | around | along | at | next | beside of | right by | in the vicinity of | close by |
    surrounding | neighboring | neighbouring | by the side of | at the side of | on the side of | to the side of |
    side by side with | along with | together with | in proximity to | nearest side of | belonging to | pushed up to
    | pulled up to | pulled out from | pulled out from under | pulled out of | up to | tucked into | pushed into |
    pushed in to | tucked in | tucked in to | next too | associated with | goes with | that goes with | going with |
    used with | in the area of | in the area with | grouped with | paired with | off to the side of | over by | over
    near | up by | down by | near by | not far from | in line of | on side of | before | past
far: far from | away from | far away from | off from | apart from | not close to | not near
touching: touching | in contact with | connected to | joined to | abutting | butted up against | butted against |
    bordering | adjoining | touches | butting up against | flush with
against: against | up against | leaning against | leaning on | leaned against | pushed against | pushed up against |
    along side the wall of | flush against | backed against | backed up to | set against | placed against | leans
    against | pressed against | propped against
attached: attached to | mounted on | mounted to | hanging on | hanging from | hung on | hanging off | hanging off of
    | hangs on | stuck to | fixed to | installed on | hung from | hanging over | hung over | draped over | draped on
    | affixed to | hanging in | hung up on | posted on
on: on | upon | on top of | atop | ontop of | onto | sitting on | resting on | lying on | laying on | placed on |
    standing on | sits on | on the top of | sitting on top of | resting on top of | supported by | sat on | lies on
    | sitting atop | stacked on | stacked on top of | at the top of | at top of | over top of | rests on | set on |
    placed on top of | on to | stands on | located on | stored on | on the surface of
supports: supporting | holding | holds | supports | carrying | underlying | propping up | bearing
above: above | over | higher than | on the wall above | over the top of | up above | hanging above | located above |
    upper side of
below: below | under | underneath | beneath | lower than | under neath | down below | at the bottom of | underside
    of | tucked under | underneath of | tucked underneath | on the bottom of | pushed under | stored under | on the
    underside of | below the level of
inside: in | inside | inside of | within | contained in | enclosed in | stored in | into | located in | in side
contains: containing | contains | filled with | full of | enclosing | that contains | loaded with | covered with |
    covered in | covered by
front: in front of | front of | infront of | in the front of | at the front of | ahead of | on the front of | to the
    front of
behind: behind | in back of | at the back of | in the back of | on the back of | to the back of | at the rear of |
    in the rear of | to the rear of | beyond
left: left of | left from | left side of
right: right of | right from | right side of
between: between | in between | in the middle of | in the center of | in the centre of | sandwiched between | in
    midst of | amid | among | amongst | in the midst of | at the center of | at the middle of | in middle of | in
    center of | located between | middle of | center of | centre of
facing: facing | faces | facing towards | facing toward | pointing at | pointing to | directed at | oriented towards
    | oriented toward | pointed at | pointed toward | pointed towards | looking at | turned towards | turned toward
    | angled towards | faced towards | that faces | face | facing to | turned to | pointing towards | pointing
    toward | looks at | looking towards | looking toward
opposite: opposite | opposite of | opposite to | opposite from | across from | on the opposite side of | on the
    other side of | across | on the opposite side from | opposite side of | other side of | directly across from |
    diagonal from | diagonal to | diagonally across from | kitty corner to | catty corner to | caddy corner to | on
    the other end of | on opposite side of | on the far side of | opposite side from | at the opposite end of | at
    the other end of | diagonally opposite | on the other side from | at the far end of | on the opposite end of |
    on the opposite wall from | on the opposite side of the room from | on the opposite side of the room as | on the
    opposite side of the room to | on the other side of the room from | opposite side of the room from | on the
    opposite wall as | on the opposite wall of | across the room from | on the opposing side of
aligned: aligned with | in line with | lined up with | in a row with | level with | parallel to | parallel with | at
    the same height as | in a line with | even with
part: part of | belongs to | component of | on the end of
end: at the end of | at the head of | at the foot of | on the end of | end of | at the edge of | on the edge of | at
    an end of | at one end of | at the near end of | at end of | foot of | head of | by the foot of | by the head of
    | near the foot of | near the head of
with: with | has | have | having | that has | featuring | includes | including | which has | accompanied by |
    equipped with | w
each other: side by side | next to one other
same side: on the same side of | on the same side as | same side as | on the same wall as
""")
"""Predicate: the words that say it. `with` is anything an object can have: carries, contains, touches or is beside."""

SELECTOR_WORDS = _table("""
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

COLORS = _table("""
black: black | blackish | ebony | charcoal | charred
white: white | whitish | ivory | offwhite | cream | creamy
gray: gray | grey | silver | grayish | greyish | silverish | stainless
red: red | maroon | burgundy | crimson | reddish | scarlet | rust
orange: orange | orangish | copper | peach | coral
yellow: yellow | yellowish | gold | golden | mustard | yello
green: green | greenish | olive | lime | mint | teal
blue: blue | bluish | navy | turquoise | cyan | aqua | blueish
purple: purple | violet | lavender | magenta | lilac
pink: pink | pinkish | salmon | rose
brown: brown | brownish | bronze | chestnut | mahogany | chocolate | walnut
beige: beige | tan | khaki | sand | taupe
dark: dark | dim | darkish
bright: bright | lit | brightly | pale | lightcolored
colorful: colorful | colourful | multicolored | multicoloured | rainbow | multicolor
""")

SIZES = _table("""
large: large | big | huge | giant | massive | full | bulky | oversized | sizable | enormous | grand | gigantic |
    spacious
small: small | little | tiny | mini | miniature | petite | compact | smallish
tall: tall | towering
short: short | squat
long: long | elongated | lengthy
wide: wide | thick | fat | broad | deep | double | triple
narrow: narrow | thin | skinny | slim | slender
low: low | lowered
high: high | elevated | raised
""")

SHAPES = _table("""
round: round | circular | circle | oval | rounded | curved | cylindrical | spherical | curvy
square: square | squarish | cube | cubic | cubed | boxy
rectangular: rectangular | rectangle | oblong
horizontal: horizontal | flat | horizontally
vertical: vertical | upright | vertically
""")

MATERIALS = _table("""
wooden: wooden | wood | oak | woodgrain | timber
metal: metal | metallic | steel | iron | aluminum | chrome
glass: glass
leather: leather
plastic: plastic
fabric: fabric | cloth | upholstered | padded | cushioned | velvet
stone: stone | marble | granite | brick | concrete
open: open | opened | ajar
closed: closed | shut
empty: empty | bare | blank | exposed
striped: striped | checkered | plaid | patterned | floral | spotted | stripe | flowered | checked
folded: folded | rolled | crumpled | bunched
messy: messy | cluttered | disorganized | unmade | sloppy
modern: modern | old | new | fancy | old-fashioned | antique | vintage | plain | simple | regular | normal |
    standard | odd | weird | strange | unique | funny
soft: soft | hard | plush | fluffy | comfy | cozy | comfortable
""")

ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "7th": 7, "8th": 8, "9th": 9, "10th": 10,
    "last": -1, "forth": 4,
}  # fmt: skip

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "both": 2, "pair": 2, "couple": 2, "single": 1,
}  # fmt: skip

SIDES = {
    "left": "leftmost", "right": "rightmost", "lefthand": "leftmost", "righthand": "rightmost", "top": "highest",
    "bottom": "lowest", "upper": "highest", "lower": "lowest", "middle": "middle", "center": "middle", "centre":
    "middle", "central": "middle", "front": "frontmost", "back": "backmost", "rear": "backmost", "centered": "middle",
    "mid": "middle", "topmost": "highest",
}  # fmt: skip

ORDER_OF_RELATION = {
    "above": "highest", "below": "lowest", "front": "frontmost", "behind": "backmost", "between": "middle",
}  # fmt: skip
"""What a relation says without an anchor: "the one above"."""

INVERSE = {
    "near": "near", "far": "far", "touching": "touching", "against": "touching", "attached": "with", "on": "supports",
    "supports": "on", "above": "below", "below": "above", "inside": "contains", "contains": "inside", "left": "right",
    "right": "left", "front": "behind", "behind": "front", "facing": "facing", "opposite": "opposite", "aligned":
    "aligned", "with": "with", "part": "with", "end": "near", "same side": "same side",
}  # fmt: skip
"""What the anchor is to the target when the target is that to the anchor; facing and end as near as words go."""

SEEN_RELATIONS = _words("left right front behind near above below on")
"""Relations to "it" that may mean what the speaker faces."""

UNITS = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0, "cm": 0.01, "centimeter": 0.01,
    "centimeters": 0.01, "centimetre": 0.01, "centimetres": 0.01, "mm": 0.001, "foot": 0.3048, "feet": 0.3048,
    "ft": 0.3048, "inch": 0.0254, "inches": 0.0254,
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

# -- words that build phrases

DETERMINERS = _words(
    """
    the a an this that these those its their his her my your our all any some each every another other same 's
    single only lone sole very own certain particular specific actual main entire whole said such individual
    remaining separate
    """
)
PRONOUNS = _words("it this that them they one ones itself these those he she him there")
DEMONSTRATIVES = _words("this that these those")
NEGATIONS = _words("not no without never nor neither except excluding isnt cant")
INTENSIFIERS = _words(
    """
    very really slightly directly immediately almost quite just somewhat completely fully partially mostly extremely
    closely kind sort more most much less rather too so nearly exactly roughly also even still right far way super
    relatively fairly only all physically diagonally straight tightly solely bit lot little tucked
    """
)
VERBS = _words(
    """
    is are be was were been being am do does did can could should would will may might must has have had located
    situated positioned placed found select choose pick find click locate get show identify go want need look looks
    see choosing selecting sitting standing lying laying hanging hung resting sits stands lies hangs mounted leaning
    set stacked pushed pulled tucked seen sat put stored kept lined grouped facing walk walking enter entering come
    coming say says use using make makes made appears appear seems seem consider imagine face turn turned turning
    given asked give ignore chose stuck resides stationed parked seated perched propped arranged attached closest
    count takes take search fetch bring searching looking listed pointing starting opens shaped colored coloured
    sized built contains run bunched stood known called reading written rests bolted wearing holding touching tell
    """
)
FUNCTION_WORDS = _words(
    """
    of to from for as if when while where which who whose that and or but than then you i we he she me us your
    please so too also up down out off away again here there correct right wrong what how many much like because
    since with in on at by into onto through you're i'm yes ok okay one other is versus per via upon about toward
    towards whats thing's being both either answer question target following hint aka etc ie eg rather instead
    """
)
SIDE_NOUNS = _words("side hand end part portion position option area half section direction edge most spot sides")
BEFORE_SIDES = _words(
    "the your its his her my our their a far very extreme immediate direct immediately directly 's upper lower it most "
    "slightly just"
)
AFTER_ORDINALS = _words("from in on to down up left right over")
BEFORE_RELATIONS = _words(
    "directly immediately just located situated positioned placed set found sitting standing that"
)
CARRIED_VERBS = _words("sitting directly right placed standing hanging is are that resting laying lying stacked")
NEVER_SECOND = _words(
    "left right back front top bottom center middle side end head foot face iron exit open corner area"
)
"""Nouns that do not extend the noun before them: "bed left" is no compound."""
ALWAYS_PLURAL = _words("clothes stairs blinds")
PARTS_OF = _words("foot head end edge side middle center centre corner arm leg back rear headboard far")
GROUPS_OF = _words(
    "group row stack pile set pair unit section piece bunch collection roll side top front end edge level part"
)
GROUP_WORDS = _words("room kitchen bathroom bedroom group row office scene area stack pile")
PLACES = _words("floor corner room wall ceiling side top")
OWN_PARTS = _words(
    """
    top back screen frame leg seat cover edge arm trim side pattern stripe design color lid handle base border
    background writing shade lampshade surface stripes lines wheel rim panel knob legs arms armrest backrest hole
    slot section level tier face front bottom
    """
)
BEFORE_CAN = _words(
    """
    the a trash garbage small large big black white blue gray grey silver green two three four both other single
    brown taller smaller larger left right middle tall round these recycling metal which first second
    """
)
"""Words after which "can" is a thing, not a verb."""

# -- words that open a viewpoint or an instruction

VIEW_OPENERS = _words("when if while as once imagine say assuming suppose")
VIEW_SUBJECTS = _words("you i one we someone are is am were was be to your my 's 're would")
VIEW_FILLERS = _words(
    """
    at toward towards to into in out directly straight from through down on by with your back across near next up
    inside right against the front of middle center end foot head side and perspective view viewpoint room behind
    beside left is this that via over
    """
)
IMPERATIVES = _words("select choose pick find click locate get chose identify want need")
COUNTED_FROM = _words(
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


# -- look-ups


def _phrases(table: dict[str, tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    return {tuple(phrase.split()): meaning for meaning, phrases in table.items() for phrase in phrases}


RELATION_PHRASES = _phrases(RELATION_WORDS)
SELECTOR_PHRASES = _phrases(SELECTOR_WORDS)
FILLERS = FUNCTION_WORDS | VERBS | INTENSIFIERS | DETERMINERS | PRONOUNS | IMPERATIVES | VIEW_SUBJECTS
"""Words that may be left aside without losing anything that was said."""
PREDICATE_NAMES = tuple(sorted({*RELATION_WORDS, "corner", "wall", "center"} - {"each other"}))
ORDER_NAMES = tuple(sorted({*SELECTOR_WORDS, "loneliest"}))
ADJECTIVES: dict[str, tuple[str, str]] = {
    word: (kind, value)
    for kind, table in (("material", MATERIALS), ("shape", SHAPES), ("size", SIZES), ("color", COLORS))
    for value, words in table.items()
    for word in words
}
"""Adjective -> (kind, usual word)."""

ALONE: dict[str, list[tuple[str, ...]]] = {}
for _phrase in _ALONE.split("|"):
    ALONE.setdefault(_phrase.split()[0], []).append(tuple(_phrase.split()))
"""First word -> phrases that ask for the object that stands apart from its like."""

KNOWN_WORDS = frozenset(
    {word for phrase in (*RELATION_PHRASES, *SELECTOR_PHRASES) for word in phrase}
    | set(_ALONE.replace("|", " ").split())
    | {*ADJECTIVES, *ORDINALS, *NUMBERS, *SIDES, *UNITS, *DIMENSIONS, *COMPARED}
    | SIDE_NOUNS | DETERMINERS | PRONOUNS | NEGATIONS | INTENSIFIERS | VERBS | FUNCTION_WORDS | VIEW_OPENERS
    | VIEW_SUBJECTS | VIEW_FILLERS | IMPERATIVES | _words("corner row one spot places")
)  # fmt: skip
"""Every word that is not the name of a thing."""
