"""Which words say which relation, and what each is turned round."""

from __future__ import annotations

from core3d_search.query.lexicon.tables import phrases, table, words

RELATION_WORDS = table("""
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
larger: larger than | bigger than | greater than | more massive than | bulkier than
smaller: smaller than | tinier than | littler than
taller: taller than
shorter: shorter than
wider: wider than | longer than | broader than
narrower: narrower than | thinner than | slimmer than
as large: as large as | as big as | the same size as | same size as | of the size of | as small as
as tall: as tall as | as high as | the same height as | same height as
as wide: as wide as | as long as | the same width as | same width as | the same length as | same length as
""")
"""Predicate: the words that say it. `with` is anything an object can have: carries, contains, touches or is beside."""

RELATION_PHRASES = phrases(RELATION_WORDS)

PREDICATE_NAMES = tuple(sorted({*RELATION_WORDS, "corner", "wall", "center"} - {"each other"}))

ORDER_OF_RELATION = {
    "above": "highest", "below": "lowest", "front": "frontmost", "behind": "backmost", "between": "middle",
}  # fmt: skip
"""What a relation says without an anchor: "the one above"."""

INVERSE = {
    "near": "near", "far": "far", "touching": "touching", "against": "touching", "attached": "with", "on": "supports",
    "supports": "on", "above": "below", "below": "above", "inside": "contains", "contains": "inside", "left": "right",
    "right": "left", "front": "behind", "behind": "front", "facing": "facing", "opposite": "opposite", "aligned":
    "aligned", "with": "with", "part": "with", "end": "near", "same side": "same side", "larger": "smaller",
    "smaller": "larger", "taller": "shorter", "shorter": "taller", "wider": "narrower", "narrower": "wider",
    "as large": "as large", "as tall": "as tall", "as wide": "as wide",
}  # fmt: skip
"""What the anchor is to the target when the target is that to the anchor; facing and end as near as words go."""

SEEN_RELATIONS = words("left right front behind near above below on")
"""Relations to "it" that may mean what the speaker faces."""

BEFORE_RELATIONS = words("directly immediately just located situated positioned placed set found sitting standing that")

CARRIED_VERBS = words("sitting directly right placed standing hanging is are that resting laying lying stacked")
