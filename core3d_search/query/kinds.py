"""Names of indoor things that include others: somebody who says "bin" may mean a trash can.

A line that begins with blanks continues the one before.
"""

KINDS = """
chair: office chair, armchair, folded chair, stool, bench, seat, bean bag, massage chair, stack of chairs, couch
seat: chair, office chair, armchair, couch, bench, stool, ottoman, bean bag, toilet
armchair: couch, chair, seat
office chair: chair
couch: armchair, bench, seat, ottoman
stool: chair, ottoman, table
ottoman: stool, bench, couch, coffee table
bench: seat, couch, ottoman, piano bench, stool
table: dining table, coffee table, end table, conference table, ping pong table, foosball table, desk, nightstand,
    folded table, round table, counter, pool table, air hockey table, stand, tv stand, ottoman
coffee table: table, ottoman, end table
end table: table, nightstand, coffee table
dining table: table
conference table: table
desk: table
nightstand: end table, table, cabinet, dresser
dresser: cabinet, nightstand, drawer, furniture, wardrobe
cabinet: kitchen cabinet, bathroom cabinet, file cabinet, wardrobe, bathroom vanity, cabinet door, dresser,
    nightstand, tv stand, storage organizer, closet, shelf, drawer, counter
kitchen cabinet: cabinet, cabinet door, kitchen counter
bathroom cabinet: cabinet, bathroom vanity
file cabinet: cabinet, drawer, storage organizer
drawer: dresser, cabinet, file cabinet, nightstand, kitchen cabinet
wardrobe: closet, cabinet, dresser
closet: wardrobe, closet door, closet wall
shelf: bookshelf, storage shelf, closet shelf, pantry shelf, rack, storage organizer, cabinet, ledge, shoe rack
bookshelf: shelf, cabinet
rack: shelf, coat rack, shoe rack, clothing rack, dish rack, towel rack, display rack, luggage rack, tray rack
storage organizer: cabinet, shelf, drawer
tv: monitor, projector screen
monitor: tv, projector screen, computer tower
computer tower: monitor, laptop
laptop: computer tower
projector screen: tv, whiteboard, monitor
window: glass door, blinds, sliding door
curtain: shower curtain, blinds
shower curtain: curtain
blinds: curtain, window
door: closet door, bathroom stall door, glass door, sliding door, bathroom door, shower door, garage door,
    doorframe, cabinet door, sliding wood door, elevator
bathroom stall door: door, bathroom stall
bathroom stall: bathroom stall door, toilet
bathroom door: door
closet door: door, closet
sliding door: door, window, glass door
glass door: door, window, shower door
shower door: door, shower, glass door
doorframe: door
stairs: step, ladder
refrigerator: mini fridge
mini fridge: refrigerator
oven: stove, microwave, toaster oven
stove: oven
toaster oven: oven, microwave, toaster
microwave: oven, toaster oven
counter: kitchen counter, bathroom counter, bar, breakfast bar, kitchen island, table, bathroom vanity
kitchen counter: counter, kitchen island
kitchen island: counter, kitchen counter, table
bathroom vanity: sink, bathroom cabinet, cabinet, counter, bathroom counter
bar: rail, counter, breakfast bar, rod, towel rack
shower: bathtub, shower curtain, shower wall, shower door
bathtub: shower
toilet paper: toilet paper dispenser, paper towel roll
toilet paper dispenser: toilet paper
paper towel dispenser: paper towel roll, soap dispenser
paper towel roll: paper towel dispenser, toilet paper
dispenser: paper towel dispenser, soap dispenser, toilet paper dispenser, toilet seat cover dispenser, water cooler
towel: clothes, blanket, paper towel roll
soap dispenser: soap bottle, soap
soap: soap dish, soap dispenser, soap bottle
trash can: recycling bin, bin, compost bin, laundry hamper, bucket
recycling bin: trash can, bin, compost bin, storage bin
bin: trash can, recycling bin, storage bin, compost bin, diaper bin, laundry hamper, basket, bucket, container, box
storage bin: box, container, basket, bin
container: storage bin, box, bin, trash can, food container, basket, bottle
basket: laundry hamper, bin, storage bin, trash can
laundry hamper: basket, bin
box: storage bin, tissue box, container, jewelry box, pizza box, lunch box, case, boxes of paper, covered box,
    coffee box, cat litter box
bag: purse, backpack, laundry bag, trash bag, garbage bag, ikea bag, food bag, golf bag, coffee bean bag, suitcase,
    briefcase
backpack: bag, purse, suitcase
suitcase: bag, briefcase, case
purse: bag, backpack
lamp: table lamp, floor lamp, wall lamp, light, ceiling light, lamp base, studio light
light: lamp, ceiling light, wall lamp, studio light, floor lamp, table lamp
table lamp: lamp
floor lamp: lamp
ceiling light: light, lamp
picture: poster, sign, painting, wall hanging, decoration, mirror, board, bulletin board, tv
poster: picture, sign, map, paper
mirror: picture
board: whiteboard, blackboard, bulletin board, cutting board, poster, dart board
whiteboard: board, blackboard, projector screen, bulletin board
blackboard: board, whiteboard
bulletin board: board, whiteboard
sign: poster, board, paper, picture
plant: vase, flowerpot, tree, decoration, flower stand
book: magazine, binder, books, paper, music book
paper: book, mail, poster, magazine, papers
binder: book, paper
bottle: water bottle, soap bottle, shampoo bottle, spray bottle, thermos, can, laundry detergent
cup: bottle, mug, bowl
pot: pan, flowerpot, coffee kettle, bowl
coffee maker: coffee kettle, machine
machine: copier, printer, washing machine, clothes dryer, vending machine, coffee maker, exercise machine, sewing
    machine, elliptical machine, soda stream
printer: copier, machine, scanner
copier: printer, machine, scanner
washing machine: clothes dryer, machine
clothes dryer: washing machine, machine
clothes: shirt, jacket, pants, sweater, towel, sock, blanket, laundry bag
jacket: clothes, shirt, sweater
shoe: slipper, clothes, boot
blanket: towel, clothes, sheet, pillow
rug: floor, towel
fan: ceiling fan
bicycle: exercise bike
scale: mat
divider: wall, board
ledge: shelf, windowsill, counter
windowsill: ledge, window
rod: pipe, bar
pipe: tube, rod
stand: table, tv stand, music stand, flower stand, nightstand, end table
tv stand: cabinet, table, stand, dresser, shelf
radiator: vent, air conditioner
vent: radiator, fan
exercise ball: ball
ball: beachball, exercise ball
seating: seat
appliance: refrigerator, oven, stove, microwave, dishwasher, washing machine, clothes dryer, toaster, toaster oven,
    coffee maker, mini fridge
electronics: tv, monitor, laptop, printer, copier, speaker
instrument: guitar, piano, drum set
cushion: pillow
furniture: chair, table, couch, desk, bed, cabinet, dresser, shelf, armchair, bookshelf, nightstand, wardrobe,
    bench, ottoman, stool, tv stand, end table, coffee table, dining table
luggage: suitcase, bag, backpack
lighting: lamp, light, ceiling light, table lamp, floor lamp, wall lamp
rail: bar
pillar: wall
"""
"""name: names that it may stand for, most likely first; the names are canonical (first of their group)."""
