"""What things serve for: "something to sit on" is answered by the kinds that people sit on.

One use a line, `use: words | other words = kinds`: the words follow "to", "for" or "that" in a text, the kinds are
    usual
names, the most typical first, as facts of everyday life in our own words (ConceptNet calls them UsedFor). A use that is
not listed is left to the encoder, which compares the words as a whole.
"""

from __future__ import annotations

from functools import lru_cache

_USES = """
sit on: sit on | sit | sit in | sitting | sit down | sit down on | seat myself | take a seat | rest on = chair,
    office chair, couch, armchair, stool, bench, ottoman, bean bag, seat, folded chair, piano bench
sleep in: sleep in | sleep on | sleep | sleeping | lie on | lie down on | lie down | nap on | take a nap on | rest in =
    bed, couch, crib, air mattress
wash hands: wash hands | wash my hands | wash your hands | wash ones hands | wash | washing hands | clean my hands =
    sink, bathroom vanity
wash dishes: wash dishes | wash the dishes | clean dishes | do the dishes | washing dishes | clean plates | wash
    plates = dishwasher, sink
wash clothes: wash clothes | wash my clothes | do laundry | do the laundry | washing clothes | clean clothes | wash
    laundry = washing machine
bathe in: bathe in | bathe | take a bath | take a bath in | soak in | shower | take a shower | wash myself = bathtub,
    shower
put things on: put a book on | put things on | put something on | put a cup on | put a mug on | put a lamp on | put my
    cup on | put a glass on | put it on | put a plate on | place things on | put a laptop on | put down a cup | put
    books on | set things on | eat at | eat on | dine at | eat dinner at | have dinner at | work at | work on =
    table, desk, coffee table, dining table, end table, nightstand, shelf, kitchen counter, counter, dresser, cabinet
keep food cold: keep food cold | food is kept cold | keeps food cold | keep food fresh | keeps food fresh | cool food |
    cool drinks | keep drinks cold | keep milk cold | keeps drinks cold | food stays cold | food is cooled | food is
    stored cold | refrigerate food = refrigerator, mini fridge
heat food: heat soup | heat soup on | heat soup in | heat food | heat food in | heat up soup | heat up food | warm
    food | warm up food | warm soup | reheat food | cook | cook on | cook food | cook in | cook soup | boil water | cook
    dinner | cook dinner on | food is cooked | heat water | fry eggs | fry an egg | heat my food | heat up my lunch =
    stove, microwave, oven, pot, toaster oven, pan
make coffee: make coffee | brew coffee | makes coffee | brews coffee | make espresso | prepare coffee = coffee maker
make tea: make tea | boil water for tea | boils water | make hot water = coffee kettle
make toast: make toast | toast bread | toasts bread | make toasts = toaster, toaster oven
drink from: drink from | drink | drink out of | drink water from | i drink from = cup, mug, bottle, water bottle
drink hot drinks from: drink hot drinks from | drink coffee from | drink coffee | drink tea from | drink tea | drink my
    coffee from | drink my tea from | drink cocoa from = mug, cup
eat from: eat from | eat soup from | eat off | eat out of | serve food on | serve food in = plate, bowl, fruit bowl
give light: give light | gives light | give off light | gives off light | light the room | lights the room | make
    light | makes light | light up the room | lights up the room | illuminate the room | illuminates the room | shine
    | shines | read by | provide light | provides light | brighten the room | makes the room bright = lamp, floor
    lamp, ceiling light, table lamp, light, wall lamp, candle
tell the time: tell the time | tells the time | tell time | tells time | show the time | shows the time | shows time |
    read the time | see what time it is | check the time = clock, alarm clock
throw rubbish into: throw rubbish into | throw rubbish in | throw trash into | throw trash in | throw away trash | throw
    garbage in | throw garbage into | throw things away | put trash in | put rubbish in | throw paper in | throw waste
    into | throw waste in | throw away rubbish | put garbage in | throw litter in | throw away paper = trash can,
    recycling bin, bin
store clothes: hang my clothes | hang clothes | hang clothes in | store clothes | store clothes in | keep clothes | keep
    clothes in | put my clothes in | put clothes in | hang up clothes | clothes are kept | hang my coat | hang a coat |
    hang up my coat | clothes are stored | keep my clothes = wardrobe, closet, dresser, coat rack, clothing rack
store things: store things | store things in | keep things in | put things in | store stuff | store stuff in | keep
    stuff in | put stuff in | storage | storing things = cabinet, box, dresser, shelf, storage bin, basket, wardrobe,
    drawer, kitchen cabinet, file cabinet
store books: store books | keep books | keep books in | keep books on | books are kept | put books in | store books on |
    store my books = bookshelf, shelf
type on: type on | type | type with | write an email on | type a letter on | write emails with = keyboard, laptop
compute: work with a computer | browse the internet | surf the web | use the internet | write code = laptop, computer
    tower, monitor
read: read | reading = book, magazine, paper
watch films: watch tv | watch tv on | watch films | watch films on | watch a movie | watch a movie on | watch movies |
    watch movies on | watch | watch the news | watch television on = tv, projector screen, monitor, laptop
look outside: look outside | look out | look out of | see outside | let in light | lets in light | lets in daylight |
    let daylight in | let air in | let in fresh air = window
see oneself: see myself | see myself in | look at myself | see my face | check my hair | see yourself in | see oneself |
    look at myself in = mirror
enter through: enter through | leave through | leave the room | leave the room through | enter the room | go out
    through | go out | exit through | walk through | enter by = door
play music: play music | play music with | play music on | make music | make music with | plays music | makes music |
    listen to music | hear music | play a song | play a song on = piano, guitar, speaker
make calls: call someone | call someone with | make a call | make a call with | make calls | phone someone | call my
    mother | talk to somebody far away | call a friend = telephone
print: print on | print | print a page | print documents | print documents with | prints | prints pages = printer,
    copier
write on: write on | draw on | write notes on | write things on = whiteboard, blackboard, paper, desk
carry things: carry things in | carry my books in | carry books in | carry books to school | carry things | carry stuff
    in | take on a hike = backpack, bag, basket, suitcase, purse
travel with: travel with | pack for a trip | pack for a journey | pack clothes in for a trip | take on a trip | take on
    a journey | pack my things in = suitcase, backpack
ride: ride | ride on | ride to work | ride to work on = bicycle
play with: play with | play | kick | throw and catch | cuddle | cuddle with | hug = ball, toy
warm the room: warm the room | warms the room | heat the room | heats the room | keep the room warm | keeps the room
    warm | keep me warm | warm myself at | give warmth | gives warmth | make the room warm = radiator, fireplace,
    blanket
cool the room: cool the room | cools the room | cool me | move air | blow air | blows air | make wind | makes wind |
    cool down with | cool off with | cool down = fan, air conditioner
cover oneself with: cover myself with | keep warm with | keep warm under | cover myself | wrap myself in = blanket
rest the head on: rest my head on | lay my head on | put my head on | lean my head on | rest the head on = pillow
dry hands: dry hands | dry my hands | dry my hands with | dry myself | dry myself with | dry off with | dry with | dry
    myself off with = towel, hand dryer, paper towel roll
cut with: cut with | cut bread with | cut bread | cut vegetables with | cut meat with = knife block
hold flowers: hold flowers | holds flowers | put flowers in | put flowers into | keep flowers in = vase, flowerpot
cover the window: cover the window | covers the window | keep out light | keeps out light | keep the light out | darken
    the room | darkens the room | block the sun | blocks the sun = curtain, blinds
cover the floor: cover the floor | covers the floor | put on the floor | walk on = rug
relieve oneself: pee in | pee | relieve myself | go to the bathroom | do my business = toilet
rest the feet on: rest my feet on | put my feet on | put my feet up on | rest feet on | put feet on = ottoman, stool
clean the floor: clean the floor | clean the floor with | sweep the floor | sweep with | vacuum with = vacuum cleaner,
    broom
suck up fumes: suck up fumes | remove smoke | removes smoke | suck in steam | clear the air while cooking = range hood
put out fires: put out fires | put out a fire | put out a fire with | extinguish a fire = fire extinguisher
decorate the wall: decorate the wall | decorates the wall | hang on the wall | put on the wall = picture, poster, mirror
"""


@lru_cache(maxsize=1)
def _rows() -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
    rows = []
    for line in _USES.strip().replace("\n    ", " ").splitlines():
        head, kinds = line.split("=")
        use, words = head.split(":")
        rows.append((use.strip(), _split(words, "|"), _split(kinds, ",")))
    return tuple(rows)


def _split(text: str, mark: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(mark))


USES: dict[str, tuple[str, ...]] = {use: kinds for use, _, kinds in _rows()}
"""Use -> the kinds that serve it, the most typical first."""

USE_WORDS: dict[tuple[str, ...], str] = {tuple(w.split()): use for use, words, _ in _rows() for w in (*words, use)}
"""Words of a text, one by one -> use."""

TYPICAL = 0.93
"""What each place further back in the list of kinds leaves of a use."""


def kinds_for(use: str) -> dict[str, float]:
    """Return kind -> how typical it is of `use`, in [0, 1]; empty for a use that is not listed."""
    return {kind: TYPICAL**place for place, kind in enumerate(USES.get(use, ()))}
