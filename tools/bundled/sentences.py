"""Sentences about surveillance that photograph captions lack, made of word lists.

Their targets come from a sentence encoder, see `tools.bundled.spaces`.
"""

from __future__ import annotations

import numpy as np

SUBJECTS = """\
a person|a man|a woman|people|two people|a group of people|someone|a child|a boy|a girl|two men|a worker
a police officer|a security guard|a pedestrian|pedestrians|a customer|a passenger|a thief|a robber|an intruder
a suspect|a masked man|an elderly person|a driver|a cyclist|a crowd|men|a young man|three people|a stranger
an employee|a nurse|a patient|a construction worker|a shopper|a teenager|several people|a resident|a vandal
an attacker|the man|the person
"""

ACTIONS = """\
walking|running|standing|sitting|lying on the ground|falling down|falling|fighting|kicking someone
punching someone|pushing someone|hitting a person|attacking someone|beating a man|arguing|shouting|stealing
stealing a bag|stealing a car|stealing a bicycle|stealing goods|shoplifting|hiding goods under a jacket
robbing a store|robbing a person|robbing a bank|snatching a purse|pickpocketing|breaking a window
breaking into a house|breaking into a car|forcing a door open|burglarizing a home|climbing a fence
climbing over a wall|climbing over a gate|trespassing|loitering|vandalizing a wall|vandalizing a car
spraying graffiti on a wall|smashing glass|damaging property|throwing a stone|throwing an object|throwing trash
littering|setting fire to a car|setting fire to a building|committing arson|lighting a fire|shooting a gun
pointing a gun|holding a gun|holding a weapon|holding a knife|threatening someone with a knife
threatening a cashier|carrying a rifle|being arrested|being robbed|being attacked|being hit by a car
being handcuffed|being chased|chasing someone|running away|fleeing|escaping|hiding|crouching|crawling
bending down|jumping|jumping over a fence|jumping over a turnstile|riding a bicycle|riding a bike|cycling
riding a scooter|riding an electric scooter|riding a motorcycle|riding a moped|riding a skateboard|skateboarding
roller skating|riding a horse|driving a car|driving a truck|driving on the walkway|driving on the sidewalk
pushing a cart|pushing a shopping cart|pushing a stroller|pushing a wheelchair|using a wheelchair
sitting in a wheelchair|walking with a cane|walking with a walker|using a mobile phone|talking on the phone
talking|waiting|waiting for a train|waiting for a bus|crossing the road|crossing the street|crossing the tracks
walking on the tracks|walking on the rails|standing on the platform|standing too close to the edge
falling onto the tracks|entering a restricted area|entering a building|leaving a building|leaving a bag behind
abandoning a suitcase|carrying a bag|carrying a backpack|carrying a box|carrying a ladder|carrying a suitcase
unloading a truck|loading a van|operating a forklift|driving a forklift|operating a crane|operating machinery
working|working without a helmet|working on scaffolding|wearing a helmet|wearing a hard hat
wearing a safety vest|wearing a mask|wearing a hood|welding|digging|shopping|browsing shelves
looking at products|paying at the counter|paying at the checkout|opening a cash register|opening a car door
looking into cars|parking a car|reversing a car|washing a car|lying unconscious|fainting|collapsing
having a seizure|suffering a medical emergency|lying motionless on the floor|lying in bed|getting out of bed
falling out of bed|slipping on the floor|sleeping|eating|drinking|smoking|dancing|hugging|playing
playing football|blocking the exit|blocking the way|panicking|evacuating|screaming|protesting|rioting
abusing a child|abusing an animal|kicking a dog|hurting a patient|grabbing someone|dragging a person
strangling someone|wrestling|brawling|stabbing someone|assaulting someone
"""

PLACES = """\
on the street|on the sidewalk|on a walkway|on the road|in a parking lot|in a car park|in a garage|in a store
in a shop|in a supermarket|in an aisle|at the checkout|at the counter|in a bank|in an office|in a corridor
in a hallway|in a lobby|in an elevator|on an escalator|on the stairs|on a staircase|at the entrance|at the exit
near a fence|near a wall|behind a building|in front of a house|at a door|at a gate|at a bus stop|in a bus
in a train|in a subway|in a station|on a platform|on the railway tracks|on a bridge|in a tunnel|in a park
on the grass|in a courtyard|in a yard|on a campus|at an intersection|at a crossing|on a highway|at a gas station
in a warehouse|in a factory|at a loading bay|on a construction site|at a construction site|in a bedroom
in a room|in a hospital|in a care home|in a restaurant|in a bar|in a kitchen|at night|in the dark|in the rain
outside|indoors|on the floor|on the ground|in a crowd
"""

SCENES = """\
an explosion|a big explosion with smoke|a blast|smoke|thick smoke|fire|a fire|flames|fire and smoke
a building on fire|a car on fire|a burning car|a burning building|burning trash|sparks|a car accident
a traffic accident|a road accident|a car crash|two cars colliding|a collision between vehicles|a truck crash
a vehicle overturned|a car hitting a pedestrian|a motorcycle accident|a robbery|a burglary|an assault|a fight
a brawl|a shooting|a gunshot|vandalism|arson|abuse|an arrest|stealing|shoplifting|theft|a crime|an emergency
a medical emergency|an accident|a riot|panic|violence|a weapon|a gun|a knife|a pistol|a rifle|a truck|a van
a car|a bus|a motorcycle|a scooter|a bicycle|a skateboard|a forklift|an excavator|a crane|a bulldozer|a trolley
a wheelchair|a stroller|a shopping cart|a golf cart|a utility cart|a delivery van|a vehicle
a vehicle on the walkway|a car on the walkway|a car driving on the sidewalk
a vehicle driving where only pedestrians are allowed|a parked car|parked cars|cars in traffic|light traffic
heavy traffic|a traffic jam|a vehicle going the wrong way|a car speeding|an ambulance|a fire truck|a police car
a train|a train arriving|a subway train|a tram|an empty street|an empty road|an empty corridor|an empty store
an empty platform|an empty room|an empty parking lot|a quiet street|a normal street scene|normal activity
a normal day|people going about their day|a crowd gathering|a crowd running|an overcrowded platform
an unattended bag|an abandoned suitcase|an open door|a broken window|a broken door|a closed door|broken glass
graffiti|garbage|debris|a ladder|a fence|a gate|a wall|a shelf|shelves with goods|shelves|an aisle
a cash register|a checkout|a counter|a platform|tracks|a blocked exit|spilled liquid|water on the floor
a flooded street|a fallen object|a fallen person|a person on the floor|blood|an animal on the road|a dog|a cat
a bird|a deer|darkness|headlights|rain|snow|fog|leaves moving in the wind|a camera view of nothing
"""

FRAMES = (
    "{}|{}|{}|{}|{}|a photo of {}|a picture of {}|a surveillance camera view of {}|cctv footage of {}|a video of {}"
    "|a security camera recording of {}|a blurry picture of {}|a low quality photo of {}|a frame of {}|there is {}"
    "|footage showing {}"
)

GROUP_SENTENCES: dict[str, tuple[str, ...]] = {
    "person": ("a person walking", "a pedestrian", "a person standing", "a person on foot"),
    "person with backpack": ("a person with a backpack", "a person walking with a backpack"),
    "person with handbag": ("a person with a bag", "a person carrying a handbag"),
    "person with suitcase": ("a person with a suitcase", "a person pulling luggage"),
    "rider of bicycle": ("a person riding a bicycle", "a cyclist", "a person on a bike", "someone cycling"),
    "rider of motorcycle": ("a person riding a motorcycle", "a motorcyclist", "a person on a scooter"),
    "rider of skateboard": ("a person riding a skateboard", "a skateboarder", "a person skateboarding"),
    "bicycle": ("a bicycle", "a parked bike", "a bike without a rider"),
    "motorcycle": ("a motorcycle", "a parked motorcycle"),
    "skateboard": ("a skateboard",),
    "car": ("a car", "a vehicle", "a car driving", "a parked car"),
    "bus": ("a bus", "a large vehicle"),
    "truck": ("a truck", "a van", "a vehicle"),
    "train": ("a train",),
    "boat": ("a boat",),
    "cat": ("a cat", "an animal"),
    "dog": ("a dog", "an animal"),
    "horse": ("a horse", "an animal"),
}
"""What may be said of an object of each group (`tools.bundled.objects`), all wordings equally good."""


def _list(text: str) -> list[str]:
    return [part for line in text.splitlines() for part in line.split("|") if part]


def surveillance_sentences(count: int, *, seed: int) -> list[str]:
    """Every phrase of the lists once, and `count` random combinations of them; distinct, lower case."""
    rng = np.random.default_rng(seed)
    subjects, actions, places, scenes = map(_list, (SUBJECTS, ACTIONS, PLACES, SCENES))
    frames = FRAMES.split("|")
    sentences = [*subjects, *actions, *scenes, *places, *(s for group in GROUP_SENTENCES.values() for s in group)]
    sentences += [f"{subject} {action}" for subject in subjects[:4] for action in actions]

    def pick(items: list[str]) -> str:
        return items[int(rng.integers(len(items)))]

    for _ in range(count):
        who = f"{pick(subjects)} {pick(actions)}" if rng.random() < 0.7 else pick(scenes)
        where = f" {pick(places)}" if rng.random() < 0.5 else ""
        sentences.append(pick(frames).format(who + where))
    return list(dict.fromkeys(sentences))
