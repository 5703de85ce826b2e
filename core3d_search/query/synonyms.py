"""Names of indoor things in everyday English that mean the same.

A line that begins with blanks continues the one before.
"""

SYNONYMS = """
couch, sofa, settee, loveseat, love seat, davenport, sectional, futon, divan, couch sofa
armchair, arm chair, sofa chair, lounge chair, lounger, recliner, easy chair, accent chair, club chair, wing chair,
    lounging chair
chair
office chair, desk chair, computer chair, swivel chair, rolling chair, task chair, executive chair, conference chair
stool, barstool, bar stool, step stool, footstool, foot stool
ottoman, hassock, pouf, pouffe, footrest, foot rest
bench
bean bag, beanbag, beanbag chair, bean bag chair
table
dining table, dinner table, kitchen table
coffee table, low table, cocktail table
end table, side table, sidetable, lamp table, accent table
conference table, meeting table
ping pong table, table tennis table
foosball table
desk, work desk, computer desk, writing desk, office desk, workstation, work station
nightstand, night stand, bedside table, night table, nighttable, bed side table, bedstand
dresser, chest of drawer, chest of drawers, tallboy, bureau, drawer chest
cabinet, cupboard, cabinetry
kitchen cabinet, kitchen cupboard, pantry cabinet
bathroom cabinet, medicine cabinet
file cabinet, filing cabinet, file drawer, filing drawer, file drawers, cabinet file
bookshelf, bookcase, book shelf, book case, bookself, bookshelve
shelf, shelving, shelving unit, shelf unit, shelve, rack shelf
storage organizer, organizer
wardrobe, wardrobe closet, wardrobe cabinet, armoire
closet
closet door
drawer
tv stand, television stand, telly stand, tv table, media center, entertainment center, tv cabinet, media console,
    media stand
bed, mattress, bunk bed, bunk, loft bed, sofa bed, futon bed, cot, bunkbed
crib, baby bed
headboard, head board, bed head
pillow, throw pillow, cushion, couch cushion, sofa cushion
blanket, quilt, comforter, bedspread, duvet, throw
sheet, bed sheet
tv, television, telly, television set, tv set, flat screen, flatscreen, tv screen, television screen
monitor, computer monitor, screen, computer screen, display, desktop monitor, pc monitor, computer display
computer tower, pc tower, computer case, desktop tower, pc case, cpu, computer unit, tower, pc unit, desktop
    computer, tower computer, computer cpu, cpu tower, computer, pc
laptop, notebook computer, laptop computer
keyboard, computer keyboard
mouse, computer mouse
printer, laser printer
copier, copy machine, photocopier, photocopy machine, xerox machine, xerox, copying machine, photo copier
scanner
telephone, phone, desk phone, landline, mobile phone, cell phone, cellphone, smartphone
projector
projector screen, projection screen
speaker, loudspeaker, subwoofer
window, window pane, windowpane, window panel
windowsill, window sill, window ledge, windowsil
curtain, drape, drapes, drapery
blinds, blind, window blind, window shade, shutter, shutters
shower curtain
door, doorway, entrance door, entry door, exit door, entryway, entry, entrance, exit, door way, front door, entry
    way
doorframe, door frame, door jamb
sliding door
glass door
bathroom door, restroom door
wall
floor, ground
ceiling
rug, carpet, area rug, mat, floor mat, bath mat, bathmat
stairs, staircase, stairway, stair, steps
pillar, column, post
radiator, heater, heating unit, baseboard heater, radiator heater, wall heater
vent, air vent
air conditioner, ac unit, air conditioning unit, ac, a/c, hvac unit
fan
ceiling fan
fireplace, hearth
refrigerator, fridge, freezer, refridgerator, icebox, fridge freezer
mini fridge, mini refrigerator, minifridge, small fridge, mini-fridge, mini freezer
stove, range, hob, cooktop, stovetop, stove top, cooker
oven
microwave, microwave oven
toaster
toaster oven
dishwasher, dish washer
range hood, vent hood, exhaust hood, hood, stove hood
sink, washbasin, wash basin, basin, washstand, kitchen sink, bathroom sink
faucet, tap
kitchen counter, kitchen countertop
counter, countertop, counter top, worktop
bathroom counter
kitchen island, island
bathroom vanity, vanity, vanity cabinet, sink vanity
bar, handicap bar, grab bar, handrail, hand rail, safety bar, handle bar, hand bar, stair rail, rail, railing,
    banister
toilet, commode, toilet seat, toilet bowl, john, loo, wc, lavatory
urinal
bathtub, tub, bath tub, bath
shower, shower stall
shower door
shower head, showerhead
bathroom stall, stall, toilet stall, restroom stall
bathroom stall door, stall door
toilet paper, toilet roll, tp roll, toilet paper roll, toilet tissue, roll of toilet paper, tp, toiletpaper,
    bathroom tissue
toilet paper dispenser, toilet paper holder
toilet seat cover dispenser, seat cover dispenser
paper towel dispenser, towel dispenser, paper dispenser
paper towel roll, roll of paper towel, roll of paper towels, paper towel
hand dryer
towel, hand towel, bath towel, dish towel, washcloth, wash cloth, towell, rag
towel rack, towel bar, towel rod
soap dispenser, hand sanitizer dispenser, sanitizer dispenser, hand sanitzer dispenser, hand sanitizer, soap pump
soap dish, soap bar, bar of soap
soap
soap bottle, dishwashing soap bottle
shampoo bottle, shampoo, conditioner bottle
tissue box, box of tissue, box of tissues, kleenex box, tissue, kleenex, tissues
laundry hamper, hamper, laundry basket, clothes hamper, laundry bin, dirty clothes hamper
washing machine, washer, clothes washer, laundry machine
clothes dryer, dryer, tumble dryer, drying machine
iron
ironing board, iron board
trash can, garbage can, garbage bin, trash bin, waste basket, wastebasket, rubbish bin, dustbin, trashcan, waste
    bin, garbage, trash, wastepaper basket, garbage pail, trash basket, waste can, garbage basket, trash receptacle,
    waste receptacle, wastebin, waste container, trash container, trash barrel, dust bin, trash bucket, waste paper
    basket, garbage receptacle, garbage container, trash can bin, garbagecan, rubbish, waste paper bin, litter bin
recycling bin, recycle bin, recycling can, recycling container, recycling box, recycling, recycle, recycle can,
    recycling basket, recycle container, blue bin, recycling trash can
compost bin
bin
storage bin, storage box, storage container, plastic storage bin, plastic bin, storage tub, plastic tub, tote,
    plastic container, plastic box
container
basket
bucket, pail
box, cardboard box, carton, crate, moving box
bag, paper bag, plastic bag, tote bag, shopping bag, gym bag, duffel bag, duffle bag, sack, grocery bag, messenger
    bag
purse, handbag, hand bag, pocketbook
backpack, rucksack, back pack, knapsack, book bag, bookbag, schoolbag
suitcase, luggage, baggage, travel bag, suit case
briefcase
lamp, light fixture, lampshade, lamp shade
table lamp, desk lamp
floor lamp, standing lamp
wall lamp, sconce, wall light
light
ceiling light, ceiling lamp, overhead light, chandelier
light switch, lightswitch, switch
power outlet, outlet, socket, electrical outlet
power strip
picture, painting, photo, photograph, artwork, portrait, framed picture, picture frame, frame, photo frame, art, art
    piece, piece of art, wall art, print, drawing, framed photo
poster
mirror, looking glass
clock, wall clock
alarm clock
whiteboard, white board, dry erase board, dry-erase board, marker board, whitebord, dry eraser board
blackboard, chalkboard, chalk board, black board
bulletin board, cork board, corkboard, notice board, pinboard, pin board
board
sign, signage, placard
calendar
map
flag
plant, potted plant, houseplant, house plant, tree, flower, potted flower, pot plant, fern, indoor plant, potted
    tree, foliage, shrub
vase
flowerpot, flower pot, planter, plant pot
book, textbook, novel, stack of book, stack of books, pile of books, pile of book, row of books, books, set of
    books, group of books
magazine
paper, papers, sheet of paper, document, stack of paper, stack of papers, pile of papers, paperwork
binder, folder, file folder
mail
bottle, beer bottle
water bottle
water pitcher, pitcher, jug
cup, mug, coffee cup, coffee mug, glass, drinking glass
bowl
plate, dish
pot, cooking pot, saucepan
pan, frying pan, cooking pan
knife block
dish rack, drying rack, dish drainer, dishrack
coffee maker, coffee machine, coffeemaker, coffee pot, coffee brewer, keurig, espresso machine
coffee kettle, kettle, tea kettle, teapot, tea pot
water cooler, water dispenser, water jug dispenser
water fountain, drinking fountain
fire extinguisher, extinguisher
fire alarm, alarm
smoke detector
thermostat
clothes, clothing, cloth, laundry, garment, pile of clothes, pile of clothing, clothing item, article of clothing
jacket, coat, hoodie, sweatshirt
shirt, t-shirt, tshirt
sweater
pants, jeans
hat, cap, baseball cap
shoe, sneaker, boot, boots, pair of shoes, pair of shoe, sandal, slipper, slippers, flip flops, flip flop, footwear
sock
shoe rack, shoe shelf, shoe organizer
coat rack, coat hanger, coat stand, coat hook
clothing rack, clothes rack, garment rack
rack
clothes hanger, hanger
person, man, woman, guy, girl, boy, lady, people, human, someone, child, kid, dude
guitar
guitar case, instrument case, music case
piano, keyboard piano, upright piano, grand piano
piano bench
music stand
ball
exercise ball
dumbbell, weight, free weight, dumbell
exercise bike, stationary bike
elliptical machine, elliptical, exercise machine, treadmill
bicycle, bike, cycle, bycicle
scale, bathroom scale, weight scale
vacuum cleaner, vacuum, hoover
broom, swiffer, mop
dustpan
plunger, toilet plunger
toilet brush
ladder, stepladder, step ladder
cart, trolley, rolling cart, utility cart
divider, partition, room divider, cubicle wall, cubicle divider
tray
stand
tripod
easel
podium, lectern
rod, curtain rod, shower curtain rod, closet rod
pipe
tube, poster tube
cable, cord, wire
hose
decoration, ornament, decor
statue, sculpture, figurine
globe
toy, stuffed animal, teddy bear, doll, bear, plush, stuffed toy
umbrella
mailbox, mailboxes, mail slot, mail slots
ledge
structure
machine
vending machine, soda machine
candle
camera
cd case
case
seat, seating
display case, display cabinet
cutting board
paper cutter
stapler
tennis racket, racket
folded table, folding table
folded chair, folding chair
furniture
"""
"""One group a line: names of the same thing, the first is the usual one."""

EXTRA = """
corner, area, edge, object, thing, item, room, center, centre, middle, stuff, piece, group, row, stack, pile, set,
    pair,
unit, section, level, side, end, top, bottom, front, foot, head, leg, arm, arms, back, kitchen, bathroom, bedroom,
office, living room, hallway, hall, restroom, elevator, lid, handle, knob, computer, food, candle, remote,
    headphones,
helmet, tank, car, wheel, tire, mannequin, air mattress, whiteboard eraser, food display, range top, wine rack,
sanitizer, light bulb, pen, pencil, marker, toothbrush, toothpaste, wood, glass, tile, carpeting, cubicle, hook
"""
