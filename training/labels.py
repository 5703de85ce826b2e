"""The names that objects are labelled with: our rooms' categories, then what else stands in homes, one name a thing."""

from __future__ import annotations

from core3d_search.synthetic.catalogue import CATEGORIES

OTHERS = """
abacus; accordion; acoustic guitar; air conditioner; air mattress; amplifier; angle grinder; apple; apron; aquarium;
ashtray; axe; baby bottle; baby carriage; bagel; balloon; banana; banjo; banknote; bar table; barbell; barrel;
baseball; baseball cap; bath mat; bathrobe; bathroom vanity; battery; bean bag; beer bottle; beer glass; belt; bib;
bidet; binder; binoculars; birdcage; birdhouse; birthday cake; blender; blinds; board game; bonsai; boot; bow tie;
bread; briefcase; broccoli; broom; bucket; bunk bed; butter; cactus; calculator; calendar; camera; can opener; cat; cd
player; ceiling fan; cello; chandelier; changing table; cheese; chest; chest freezer; china cabinet; christmas tree;
cleaver; clothes dryer; clothes hanger; clothes rack; coat; coat hook; coat rack; coffee pot; comb; cooktop;
corkscrew; cradle; crate; crib; crutch; cucumber; cup; cupcake; cutting board; dartboard; day bed; deep fryer; desktop
computer; diaper; dish rack; dog; doll; doll house; door handle; doormat; dress; dressing table; drinking glass; drum;
drying rack; dumbbell; dvd player; egg; elevator; envelope; eraser; exercise bike; exit sign; eyeglasses; faucet;
figurine; filing cabinet; fire extinguisher; firewood; flashlight; flower; flute; folding chair; folding screen;
foosball table; fork; frying pan; fuse box; futon; game console; game controller; garage door; glove; goblet; golf
ball; hair dryer; hairbrush; hammer; hammock; handbag; hard disk; harp; hat; headphones; helmet; high chair; high
heels; highlighter; hook; hot dog; hourglass; ice cream; intercom; iron; ironing board; jacket; jar; jeans; jug;
juicer; key; kitchen island; kitchen scale; knife; ladder; ladle; lamp shade; lantern; laundry basket; lawn mower;
lemon; light bulb; light switch; lighter; lipstick; locker; lotion; magazine; magnifying glass; mailbox; mask;
mattress; measuring cup; medicine bottle; medicine cabinet; microphone; milk carton; mitten; mixing bowl; mobile
phone; modem; mop; mosquito net; mouse trap; mushroom; music player; nail; napkin; necklace; newspaper; notebook; oil
bottle; orange; orchid; oven; packet; padlock; paint bucket; paintbrush; pajamas; pallet; paper; paper lantern; paper
towel; pen; pencil; pencil case; pencil holder; pencil sharpener; pepper; perfume bottle; petri dish; photocopier;
piano bench; piggy bank; pill bottle; pinball machine; pineapple; ping-pong table; pitcher; pizza; plastic bag;
playing cards; pliers; plunger; pool table; potty; power drill; power outlet; power strip; projector; pumpkin;
punching bag; purse; puzzle; quilt; radio; railing; recycling bin; ring; rocking chair; rocking horse; ruler; sack;
saddle; safe; salad bowl; salt shaker; sandal; sandwich; sandwich maker; saw; saxophone; scale; scarf; scissors;
screw; screwdriver; security camera; sewing machine; shirt; shoe; shoe rack; shopping basket; shopping cart; shorts;
shovel; shower; shower cabin; shower curtain; shower door; skateboard; ski; skirt; sleeping bag; slippers; slow
cooker; smoke detector; sneaker; soap; soap dispenser; soccer ball; sock; soda can; sofa bed; spatula; spice rack;
sponge; spoon; stairs; stand mixer; stapler; statue; steak; stereo; stopwatch; stroller; sugar bowl; suit; sunglasses;
sweater; syringe; tablecloth; tablet; tape; tape measure; tatami; teapot; tennis ball; tennis racket; tent;
thermometer; thermostat; tie; tissue box; toaster oven; toilet brush; toilet paper; tool box; toothbrush; toothpaste;
towel rack; toy; toy car; track lights; traffic cone; tray; treadmill; tricycle; tripod; trousers; trumpet; trunk;
typewriter; umbrella; upright piano; urinal; vacuum cleaner; vending machine; violin; waffle iron; wall lamp; wallet;
water cooler; water heater; wheelbarrow; wheelchair; whisk; whistle; wig; window shutter; wine glass; wine rack; wok;
wooden toy; wristwatch; yoga mat; yogurt
"""
"""What our rooms do not hold. No synonym of a room's category stands here: two names for one thing would share it."""

LABELS = tuple(sorted({*CATEGORIES, *(" ".join(name.split()) for name in OTHERS.split(";"))}))
