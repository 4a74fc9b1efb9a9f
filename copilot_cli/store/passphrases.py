"""Passphrases that are easy to type and hard to guess: six words drawn from a list of 1482.

Each word adds log2(1482) = 10.53 bits, six of them 63: behind scrypt that is out of reach. The
words are common, of three to seven letters, in order, each there once.
"""

import random

from copilot_cli.secret import Secret

WORD_COUNT = 6


def generate() -> Secret:
    """Return six random words with hyphens between, from the system's random source."""
    draw = random.SystemRandom()
    return Secret("-".join(draw.choice(WORDS) for _ in range(WORD_COUNT)))


_LIST = """
able acid acorn acre actor adult after again agent agile aisle alarm album alert alien alley
alloy almond alone alpha amber ample anchor angle ankle apple april apron arch arena argue arm
armor arrow art ash aspen atlas atom attic audio aunt autumn awake award axis baby back bacon
badge bagel baker balcony bald ball bamboo banana band banjo bank barn barrel basic basin basket
bath beach bead beak beam bean bear beard beast beaver bed bee beech beetle bell belt bench
berry bike bird bison black blade blank blanket blaze blend blink block bloom blossom blue blunt
board boat body boil bold bolt bone bonus book boot border boss bottle bottom bowl box brain
branch brass brave bread breeze brick bride bridge brief bright brisk broad bronze brook broom
brother brown brush bubble bucket buckle bud buddy budget buffalo build bulb bull bundle bunny
burger bus bush butter button buzz cabin cable cactus cake calf calm camel camera camp canal
candle candy canoe canyon cape car caramel carbon card cargo carpet carrot cart carve cash
castle cat cave cedar ceiling cellar cello cement cereal chain chair chalk chart chase cheek
cheer cheese cherry chess chest chicken chief child chili chimney chin choir chorus cider cinema
circle circus city civil clam clap clay clean clear clerk clever click cliff climb clock cloth
cloud clover clown club clue coach coal coast coat cobalt cobra cocoa code coffee coil coin cold
collar color column comb comet comic common copper coral cord core cork corn corner cotton couch
cougar cousin cover cow coyote crab cradle craft crane crater crayon cream creek crew cricket
crisp crop cross crow crowd crown cruise crumb crystal cube cuff cup curb curl curtain curve
cushion custom cycle daily dairy daisy dance danger dark dash data date dawn day deal dear debut
decade deck deep deer delta dense dentist desert desk dial diamond diary dice diet dinner dish
ditch dive dock doctor dog doll dolphin dome donkey donut door dot double dough dove dozen draft
dragon drain drama draw dream dress drift drill drink drive drop drum dry duck duke dune dusk
dust duty eager eagle ear early earth ease east easy echo edge edit effort egg eight elbow elder
elegant elm ember empty engine enjoy equal era error essay even evening event exact exit extra
eye fabric face fact fair falcon fall false family fancy farm fast father faucet fault feast
feather fence fern ferry fiber fiction field fifth fig figure film final finch find fine finger
fire firm first fish five flag flame flat flavor fleet flint float flock floor flour flow flower
fluid flute fly foam focus fog folder folk food foot forest fork form fort forum fossil four fox
frame free fresh friend frog front frost fruit fuel full fun funny fur future gadget galaxy
gallery game gander garage garden garlic gas gate gather gauge gazelle gear gem general gentle
ghost giant gift ginger giraffe girl give glacier glad glass glide globe glory glove glow glue
goal goat gold golf good goose gown grace grade grain grand grape graph grass gravel gravy gray
great green grid grill grin grip ground group grove guard guess guest guide guitar gulf gum guru
gym habit hair half hall hammer hamster hand handle happy harbor hard harp harvest hat hawk hay
hazel head heart heat heavy hedge heel height helmet help hen herb herd hero heron hidden high
hike hill hinge hint hippo hobby hockey hold hole holly home honest honey hood hoof hook hope
horn horse hose hotel hour house hover human humble humor hunt hurdle husky hut ice icon idea
idle igloo image inch index indigo infant ink inn input insect inside iron island item ivory ivy
jacket jade jaguar jail jam jar jasmine jaw jazz jeans jelly jet jewel job join joke jolly joy
judge juice july jumbo jump june jungle junior jury just kayak keen keep kernel kettle key kick
kid kidney kind king kiosk kitchen kite kitten kiwi knee knife knight knob knot koala label lace
ladder lady lake lamb lamp land lane lantern large laser last latch late laugh laundry lava lawn
layer lazy leaf learn leather lecture left leg legend lemon lens leopard letter level lever
light lilac lily lime limit line linen lion lip liquid list little lizard llama load loaf lobby
lobster local lock lodge logic long loop lotus loud love low loyal lucky lunar lunch lung lynx
lyric machine magic magnet maid mail main major mango manor maple marble march margin marina
market marsh mask mason master match math matrix maze meadow meal medal melody melon member
memory mentor menu mercy merit mesh metal meteor method metro middle mild mile milk mill mimic
mind miner mint minute mirror mist mitten mix mobile model modern module mole moment monkey
month moon moose moral morning mosaic moss moth mother motor mound mouse mouth movie mud muffin
mule muscle museum music mustard myth nail name napkin narrow nation native nature navy near
neat neck nectar needle nephew nerve nest net neutral never new nickel niece night nine noble
noise noodle noon normal north nose note novel number nurse nut nylon oak oar oasis oat object
oboe ocean octave odd offer office often oil old olive omega onion open opera orange orbit
orchard orchid order organ otter ounce outer oval oven over owl owner oxygen oyster pack paddle
page paint pair palace palm pan panda panel panic paper parade parcel park parrot party pasta
paste patch path patio pause peace peach peak peanut pear pearl pebble pedal pelican pen pencil
penguin people pepper perfect perfume phone photo piano picnic picture pie pig pigeon pillow
pilot pin pine pink pint pioneer pipe pizza place plain planet plank plant plate play plaza plow
plum plus pocket poem poet point polar pole polite polo pond pony pool poplar poppy porch port
post potato pottery pouch powder power prairie press price pride prime prince print prism
private prize profit proof proud public pudding puddle pulp pulse puma pump pumpkin pupil puppet
puppy purple purse puzzle python quail quarry quart quartz queen quest quick quiet quilt quiz
quota quote rabbit raccoon race radar radio raft rail rain raisin rake ramp ranch range rapid
rare raven ray razor ready real recipe record red reef relax relay remote rent report resin rest
rhino rhyme rhythm ribbon rice rich ride ridge right ring ripe river road roast robin robot rock
rocket rodeo roll roof room rooster root rope rose rotor round route royal rubber ruby rug rugby
rule rural rust rye saddle safari safe saga sail salad salmon salon salt salute sample sand
sandal satin sauce sauna savor scale scarf scene school science scoop scooter score scout screen
screw script sea seal search season seat second secret seed select senior sense series seven
shade shadow shape shark sharp sheep shelf shell shield shift shine ship shirt shoe shop shore
short shovel show shrimp shrub shuttle side siege sierra sign silent silk silver simple singer
sink siren sister six sketch ski skill skin skirt skunk sky slate sled sleep sleeve slice slide
slim slope slow small smart smile smoke smooth snack snail snake snow soap soccer social sock
soda sofa soft solar solid song sonic soul sound soup south space spade spark speech speed spell
sphere spice spider spike spin spiral spirit spoon sport spring sprout spruce square squid
stable stadium staff stage stair stamp star start state station statue steam steel stem step
stereo stick still stone stool store storm story stove straw stream street string strong studio
style sugar suit summer summit sun super surf swan sweater sweet swift swim swing sword symbol
syrup table tablet taco tail talent talk tall tango tank tape target task taste taxi tea teach
team teapot temple ten tennis tent term text theory thick thin thread three throne thumb thunder
ticket tide tidy tiger tile timber time tin tiny tip title toast today toe toffee token tomato
tone tool tooth top topic torch total toucan touch tour towel tower town toy track trade trail
train tray treat tree trend tribe trick trip trophy tropic trout truck true trumpet trunk trust
truth tube tulip tuna tunnel turbo turkey turnip turtle tutor twelve twin twist type uncle under
unicorn union unique unit upper urban urchin useful usual valley value valve vanilla vapor vase
vault velvet vendor venue verb verse vessel vest video view villa village vine vinyl viola
violet violin virtue vision visit vivid vocal voice volcano volume vote voyage wafer wagon waist
walk wall wallet walnut walrus waltz warm wash wasp watch water wave wax weather web wedding
week well west whale wheat wheel whisper white whole wide wild willow wind window wine wing
winner winter wire wise wish wolf wonder wood wool word work world wrap wren wrist writer yacht
yard yarn year yeast yellow yoga yogurt young youth zebra zero zigzag zinc zipper zone zoo
"""
WORDS = tuple(_LIST.split())
