"""Names of things that homes, offices and workshops hold, beside those that synonyms.py has other names for.

They are known words: read as nouns, and never taken for a slip of the finger in the name of another thing ("hammer" is
no hamper). What an encoder labels objects with is among them, which a test holds.
"""

HOUSEHOLD = """
kitchen: apple, bagel, banana, beer glass, birthday cake, blender, bottle opener, bread, bread box, broccoli, butter,
    butter dish, cake, can opener, carrot, casserole, cereal box, cheese, chopsticks, cleaver, coaster, coffee bean,
    coffee cup, colander, cookie, cookie jar, cooking pot, corkscrew, cucumber, cupcake, decanter, deep fryer, dish
    soap, dish towel, egg, egg carton, espresso machine, flask, fork, frying pan, fruit bowl, garlic, goblet, grater,
    gravy boat, grill, honey, hot dog, ice cream, jar, jug, juicer, kitchen scale, knife, knife block, ladle, lemon,
    lime, measuring cup, milk, milk carton, mixing bowl, mortar, mushroom, napkin, oil bottle, onion, oven mitt, oven
    glove, pan, pear, pepper, pepper mill, petri dish, pineapple, pitcher, pizza, pizza cutter, placemat, potato,
    pressure cooker, pumpkin, rice cooker, rolling pin, salad bowl, salt shaker, sandwich, sandwich maker, sauce
    bottle, saucepan, saucer, scoop, sieve, slow cooker, soda can, soup, spatula, spice jar, spice rack, spoon, stand
    mixer, steak, strainer, sugar bowl, tablecloth, teacup, teapot, teaspoon, thermos, tin, tomato, tongs, waffle
    iron, water bottle, watermelon, whisk, wine, wine bottle, wine glass, wineglass, wok, yogurt
clothes: apron, backpack strap, bathrobe, belt, blouse, boot, bow tie, bracelet, bra, cap, coat hanger, diaper, dress,
    dressing gown, earring, eyeglasses, glove, goggles, handbag, handkerchief, high heels, jeans, jersey, jewelry,
    lipstick, mask, mitten, necklace, necktie, pajamas, perfume bottle, pocket watch, purse, raincoat, ring, sandal,
    scarf, skirt, slipper, sneaker, sock, suit, sunglasses, sweater, sweatshirt, swimsuit, tie, trousers, uniform,
    vest, wallet, wig, wristwatch
bath and care: baby bottle, baby carriage, bandage, bath mat, bath toy, bib, bidet, comb, cotton swab, cradle, crutch,
    dental floss, first aid kit, hairbrush, hair brush, hair clip, hair dryer, hairdryer, highchair, lotion, medicine
    bottle, nail file, pacifier, pill, pill bottle, potty, razor, shaver, shaving cream, shower cabin, sponge,
    stroller, syringe, thermometer, tweezers, walker, walking stick, wheelchair
tools and workshop: angle grinder, axe, battery, bolt, broomstick, chainsaw, clamp, crowbar, drill, duct tape,
    extension cord, file, firewood, flashlight, fuse box, gas bottle, glue, glue stick, hacksaw, hammer, hand drill,
    hard hat, hatchet, hoe, key, keychain, lawn mower, level gauge, light switch, lighter fluid, magnet, magnifying
    glass, mallet, matchbox, mouse trap, nail, needle, nut, padlock, paint bucket, paint roller, paintbrush, pliers,
    plug, pocket knife, power drill, power outlet, power strip, rake, rope, ruler, safety vest, sandpaper, saw,
    scissors, screw, screwdriver, sewing machine, shovel, sledgehammer, socket wrench, spanner, spirit level, tape,
    tape measure, thread, tool box, toolbox, torch, traffic cone, vice, watering can, wheelbarrow, wrench, workbench
devices: alarm, amplifier, antenna, binoculars, calculator, cassette, cd player, charger, coffee grinder, desk fan,
    digital clock, dvd, dvd player, earphone, earphones, electric kettle, game console, game controller, gramophone,
    hard disk, headset, humidifier, intercom, ipad, joystick, kindle, loudspeaker, megaphone, metronome, microphone,
    mobile phone, modem, mp3 player, music player, pager, phone charger, photo camera, radio, record player, remote
    control, robot, robot vacuum, router, security camera, server, server rack, sewing kit, smartphone, smoke
    detector, stereo, stopwatch, tablet, thermostat, turntable, typewriter, usb stick, video camera, videotape, walkie
    talkie, water heater, webcam, weighing scale
music, play and sport: abacus, accordion, acoustic guitar, balloon, banjo, barbell, baseball, baseball bat,
    basketball, billiard table, board game, bowling ball, boxing glove, cello, checkerboard, chess board, chessboard,
    clarinet, crayon, dartboard, dice, doll house, dollhouse, drum, drumstick, dumbbell, fishing rod, flute, football,
    frisbee, golf ball, golf club, harmonica, harp, hockey stick, jigsaw puzzle, jump rope, kite, lego, marble,
    ping-pong table, pinball machine, playing cards, poker chip, pool cue, pool table, punching bag, puzzle, rocking
    horse, roller skate, rubber duck, saxophone, scooter, skateboard, ski, ski pole, slide, snowboard, soccer ball,
    stilt, surfboard, swing, tambourine, tennis ball, toy car, toy train, trampoline, treadmill, tricycle, trombone,
    trophy, trumpet, ukulele, violin, whistle, wooden toy, yoga mat
paper and desk: album, banknote, binder clip, briefcase, brochure, bulletin, calendar page, cardboard, cd, clipboard,
    coin, comic book, cookbook, desk lamp stand, diary, envelope, eraser, folder, greeting card, highlighter, ink
    bottle, label, letter, magazine, map, newspaper, notebook, notepad, packet, paper bag, paper lantern, paper towel
    roll, paperclip, paperweight, parcel, passport, pencil case, pencil holder, pencil sharpener, phonebook, piggy
    bank, postcard, quill, receipt, rubber band, scrapbook, sketchbook, sticky note, stamp, sticker, ticket
house and garden: ashtray, aquarium, awning, barrel, baseboard, basin, birdcage, birdhouse, bonsai, bouquet, brick,
    bucket chair, buffet, bunting, cactus, cage, candelabra, candlestick, canister, canopy, carton, cat, cat tree,
    chandelier, changing table, chest, chest freezer, china cabinet, christmas tree, cooler, crate, crucifix, day bed,
    daybed, dehumidifier, dog, dog bed, doorbell, doorknob, doormat, dressing table, dream catcher, fence, figurine,
    fire alarm, fish tank, flag, flowerpot, flower vase, folding screen, fountain, garage door, garden hose, gas
    stove, gate, gazebo, gnome, grate, grille, hammock, hamster wheel, high chair, hinge, hourglass, incense, jewelry
    box, kennel, lampshade, lantern, latch, lattice, locker, log, mantel, medal, mosquito net, mousepad, music box,
    music stand, orchid, padded bench, pallet, parasol, patio umbrella, pegboard, pelmet, pet bed, pew, pinecone,
    plaque, playpen, postbox, radiator cover, rocking chair, roof, rug pad, saddle, safe, sandbag, scratching post,
    screen door, shed, shopping bag, shopping basket, shopping cart, shutter, skylight, sleeping bag, snow globe,
    sprinkler, storage bin, suitcase, sundial, tapestry, tarp, tatami, tent, terrarium, throne, torchiere, towel rack,
    track lights, trapdoor, trellis, trunk, urn, vent, wall clock, wall lamp, wardrobe rail, weathervane, wind chime,
    window box, wreath
"""
"""One room or use a line, which says nothing; a line that begins with blanks continues the one before."""
