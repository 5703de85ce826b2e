"""Which words say how a thing looks: colours, sizes, shapes, materials and states."""

from __future__ import annotations

from core3d_search.query.lexicon.tables import table

COLORS = table("""
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

SIZES = table("""
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

SHAPES = table("""
round: round | circular | circle | oval | rounded | curved | cylindrical | spherical | curvy
square: square | squarish | cube | cubic | cubed | boxy
rectangular: rectangular | rectangle | oblong
horizontal: horizontal | flat | horizontally
vertical: vertical | upright | vertically
""")

MATERIALS = table("""
wooden: wooden | wood | oak | woodgrain | timber
metal: metal | metallic | steel | iron | aluminum | chrome
glass: glass
leather: leather
plastic: plastic
fabric: fabric | cloth | upholstered | padded | cushioned | velvet
stone: stone | marble | granite | brick | concrete
ceramic: ceramic | porcelain | earthenware | china
wicker: wicker | rattan | woven | bamboo
paper: cardboard | papery
rubber: rubber | rubbery
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

ADJECTIVES: dict[str, tuple[str, str]] = {
    word: (kind, value)
    for kind, table in (("material", MATERIALS), ("shape", SHAPES), ("size", SIZES), ("color", COLORS))
    for value, words in table.items()
    for word in words
}
"""Adjective -> (kind, usual word)."""

GROUPS = table("""
row: row | line
stack: stack | pile | heap
pair: pair
""")
"""Groups that boxes show, before "of": "a row of chairs"."""
