"""Words that build phrases and sentences, and those that say nothing themselves."""

from __future__ import annotations

from core3d_search.query.lexicon.tables import words

DETERMINERS = words(
    """
    the a an this that these those its their his her my your our all any some each every another other same 's
    single only lone sole very own certain particular specific actual main entire whole said such individual
    remaining separate
    """
)

PRONOUNS = words("it this that them they one ones itself these those he she him there")

DEMONSTRATIVES = words("this that these those")

NEGATIONS = words("not no without never nor neither except excluding isnt cant")

INTENSIFIERS = words(
    """
    very really slightly directly immediately almost quite just somewhat completely fully partially mostly extremely
    closely kind sort more most much less rather too so nearly exactly roughly also even still right far way super
    relatively fairly only all physically diagonally straight tightly solely bit lot little tucked
    """
)

VERBS = words(
    """
    is are be was were been being am do does did can could should would will may might must has have had located
    situated positioned placed found select choose pick find click locate get show identify go want need look looks
    see choosing selecting sitting standing lying laying hanging hung resting sits stands lies hangs mounted leaning
    set stacked pushed pulled tucked seen sat put stored kept lined grouped facing walk walking enter entering come
    coming say says use using make makes made appears appear seems seem consider imagine face turn turned turning
    given asked give ignore chose stuck resides stationed parked seated perched propped arranged attached closest
    count takes take search fetch bring searching looking listed pointing starting opens shaped colored coloured
    sized built contains run bunched stood
    drive move navigate roll lost forgot stands known called reading written rests bolted wearing holding touching tell
    """
)

FUNCTION_WORDS = words(
    """
    of to from for as if when while where which who whose that and or but than then you i we he she me us your
    please so too also up down out off away again here there correct right wrong what how many much like because
    since with in on at by into onto through you're i'm yes ok okay one other is versus per via upon about toward
    towards whats thing's being both either answer question target following hint aka etc ie eg rather instead
    """
)

NEVER_SECOND = words(
    "left right back front top bottom center middle side end head foot face iron exit open corner area"
)
"""Nouns that do not extend the noun before them: "bed left" is no compound."""

ALWAYS_PLURAL = words("clothes stairs blinds")

PARTS_OF = words("foot head end edge side middle center centre corner arm leg back rear headboard far")

GROUPS_OF = words(
    "group row stack pile set pair unit section piece bunch collection roll side top front end edge level part"
)

GROUP_WORDS = words("room kitchen bathroom bedroom group row office scene area stack pile")

PLACES = words("floor corner room wall ceiling side top")

OWN_PARTS = words(
    """
    top back screen frame leg seat cover edge arm trim side pattern stripe design color lid handle base border
    background writing shade lampshade surface stripes lines wheel rim panel knob legs arms armrest backrest hole
    slot section level tier face front bottom
    """
)

BEFORE_CAN = words(
    """
    the a trash garbage small large big black white blue gray grey silver green two three four both other single
    brown taller smaller larger left right middle tall round these recycling metal which first second
    """
)
"""Words after which "can" is a thing, not a verb."""

VIEW_OPENERS = words("when if while as once imagine say assuming suppose")

VIEW_SUBJECTS = words("you i one we someone are is am were was be to your my 's 're would")

VIEW_FILLERS = words(
    """
    at toward towards to into in out directly straight from through down on by with your back across near next up
    inside right against the front of middle center end foot head side and perspective view viewpoint room behind
    beside left is this that via over
    """
)

IMPERATIVES = words("select choose pick find click locate get chose identify want need fetch bring grab show give take")

FILLERS = FUNCTION_WORDS | VERBS | INTENSIFIERS | DETERMINERS | PRONOUNS | IMPERATIVES | VIEW_SUBJECTS
"""Words that may be left aside without losing anything that was said."""
