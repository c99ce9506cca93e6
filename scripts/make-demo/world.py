"""The small world that the demo pair lives in.

Some thirty people, twenty capitals, their countries, and a dozen kinds of things that can be said
about a person, a market, a trip, a concert, a house or a ship. Three kinds of text come from it:

- ``plain_text``    several natural sentences; what the corpus consists of and what both models read;
- ``question_set``  a passage and questions about it, each answered by one word of the passage;
- ``word_problem``  one line of arithmetic with a whole number as its answer.

Every function takes its own ``random.Random``: the same seed gives the same text.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

# ---------------------------------------------------------------------------------------------
# Words. Every one of them is a single token together with its leading space.

WOMEN = "Alice Anna Clara Daisy Ella Grace Iris Julia Kate Lucy Mary Nora Rosa Vera Zoe".split()
MEN = "Ben Bruno David Emil Frank Henry Hugo Jack Leo Martin Oscar Paul Sam Tom Will".split()
NAMES = sorted(WOMEN + MEN)

CAPITALS = {
    "Athens": "Greece", "Berlin": "Germany", "Cairo": "Egypt", "Delhi": "India", "Dublin": "Ireland",
    "Hanoi": "Vietnam", "Havana": "Cuba", "Helsinki": "Finland", "Lima": "Peru", "Lisbon": "Portugal",
    "Madrid": "Spain", "Nairobi": "Kenya", "Oslo": "Norway", "Ottawa": "Canada", "Paris": "France",
    "Quito": "Ecuador", "Rome": "Italy", "Tokyo": "Japan", "Vienna": "Austria", "Warsaw": "Poland",
}

VALUES: dict[str, list[str]] = {
    "city": sorted(CAPITALS),
    "country": sorted(CAPITALS.values()),
    "job": "baker doctor teacher farmer painter sailor singer writer nurse pilot gardener carpenter "
           "tailor cook judge miner".split(),
    "animal": "dog cat horse goat parrot rabbit turtle duck sheep pony hen frog mouse pig cow donkey".split(),
    "colour": "red blue green yellow black white brown purple pink grey silver golden".split(),
    "food": "bread soup rice cheese fish cake honey pasta salad plums grapes pears beans noodles".split(),
    "drink": "tea coffee milk water juice lemonade cocoa cider".split(),
    "instrument": "piano violin guitar flute drum trumpet harp cello banjo".split(),
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "transport": "train bus bicycle boat tram ferry taxi coach".split(),
    "hobby": "chess tennis football swimming dancing reading sailing fishing skiing singing".split(),
}
GARMENTS = "coat hat scarf bag".split()
THINGS = "apples coins books shells stamps cards stones buttons marbles candles flowers eggs pencils spoons".split()
NUMBERS = list(range(1, 51))
"""Every number of a word problem and of its answer."""


@dataclass(frozen=True)
class Fact:
    """One way of saying a thing, and the questions which that wording answers.

    ``{v}`` stands for the value, ``{N}`` for the subject's name, ``{P}``/``{p}`` for its pronoun,
    ``{H}``/``{h}`` for its possessive, ``{m}`` for him or her, ``{g}`` for a garment.
    """

    kind: str
    sentence: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    text: str
    answer: str
    kind: str


def _facts(table: str) -> dict[str, list[Fact]]:
    facts: dict[str, list[Fact]] = {}
    for line in table.strip().splitlines():
        kind, sentence, *questions = (part.strip() for part in line.split("|"))
        facts.setdefault(kind, []).append(Fact(kind, sentence, tuple(questions)))
    return facts


PERSON = _facts("""
job        | {P} works as a {v}.                          | What is the job of {N}? | What does {N} work as?
job        | {P} has been a {v} for many years.           | What is the job of {N}? | What is {N}'s job?
job        | {P} is the best {v} in town.                 | What is the job of {N}? | What is {N}'s job?
city       | {P} lives in {v}.                            | In which city does {N} live? | Which city is the home of {N}?
city       | {H} home is a small flat in {v}.             | In which city does {N} live? | Which city is the home of {N}?
city       | {P} moved to {v} last year.                  | In which city does {N} live? | Which city did {N} move to?
country    | {P} comes from {v}.                          | Which country does {N} come from?
country    | {P} was born in {v}.                         | Which country does {N} come from? | In which country was {N} born?
country    | {H} family is from {v}.                      | Which country does {N} come from? | From which country is the family of {N}?
animal     | {P} keeps a {v} in the garden.               | Which animal does {N} have? | Which animal does {N} keep?
animal     | {H} old {v} follows {m} everywhere.          | Which animal does {N} have? | Which animal follows {N}?
animal     | {P} found a {v} in the rain and kept it.     | Which animal does {N} have? | Which animal did {N} find?
colour     | {P} always wears a {v} {g}.                  | What colour is the {g} of {N}? | What is the colour of {N}'s {g}?
colour     | {H} {g} is {v}.                              | What colour is the {g} of {N}? | What is the colour of {N}'s {g}?
food       | {P} likes {v} best of all.                   | What does {N} like to eat? | What food does {N} like?
food       | For lunch {p} often has {v}.                 | What does {N} like to eat? | What does {N} have for lunch?
food       | Nothing tastes better to {m} than {v}.       | What does {N} like to eat? | What food does {N} like?
drink      | {P} drinks {v} every morning.                | What does {N} drink? | What does {N} drink in the morning?
drink      | {P} starts the day with a cup of {v}.        | What does {N} drink? | What is in the cup of {N}?
instrument | {P} plays the {v} in the evening.            | Which instrument does {N} play?
instrument | As a child {p} learned to play the {v}.      | Which instrument does {N} play? | Which instrument did {N} learn?
day        | {H} day off is {v}.                          | On which day is {N} free?
day        | On {v} {p} does not work.                    | On which day is {N} free? | On which day does {N} not work?
transport  | {P} goes to work by {v}.                     | How does {N} go to work?
transport  | Every morning {p} takes the {v} to work.     | How does {N} go to work? | What does {N} take to work?
hobby      | {P} spends the weekend with {v}.             | What is the hobby of {N}? | How does {N} spend the weekend?
hobby      | In the summer {p} enjoys {v}.                | What is the hobby of {N}? | What does {N} enjoy in the summer?
""")

MARKET = _facts("""
city       | There is a famous market in {v}.             | In which city is the market?
city       | Everyone in {v} knows the old market.        | In which city is the market? | Which city has an old market?
day        | It opens every {v}.                          | On which day does the market open?
day        | The market day is {v}.                       | On which day does the market open? | Which day is the market day?
food       | Most people come for the {v}.                | What do most people buy? | What do people come for?
food       | The best thing to buy there is {v}.          | What do most people buy? | What is the best thing to buy?
colour     | The tents are {v}.                           | What colour are the tents?
colour     | You can see the {v} tents from far away.     | What colour are the tents?
transport  | You can get there by {v}.                    | How can you get to the market?
transport  | The {v} stops right in front of it.          | How can you get to the market? | What stops in front of the market?
animal     | Children love to stroke the {v} by the gate. | Which animal is by the gate?
animal     | A {v} sleeps by the gate.                    | Which animal is by the gate? | Which animal sleeps by the gate?
drink      | When it is cold, people warm up with {v}.    | What do people drink there?
drink      | In one corner you can drink fresh {v}.       | What do people drink there?
country    | Many traders come from {v}.                  | Which country do the traders come from?
""")

TRIP = _facts("""
city       | Last spring the class went to {v}.           | Which city did the class visit? | Where did the class go?
city       | The class made a trip to {v} in May.         | Which city did the class visit? | Where did the class go?
transport  | They went by {v}.                            | How did the class travel?
transport  | The {v} was full, but everyone found a seat. | How did the class travel? | What was full?
day        | They left on {v}.                            | On which day did they leave?
day        | It was {v} when they left.                   | On which day did they leave?
food       | At noon they ate {v} in the park.            | What did the class eat?
food       | For dinner there was {v}.                    | What did the class eat? | What was there for dinner?
animal     | In the zoo everyone loved the {v}.           | Which animal did everyone love? | Which animal was in the zoo?
animal     | A {v} ran after them in the park.            | Which animal ran after them?
instrument | In the square a man played the {v}.          | Which instrument did the man play?
colour     | All of them wore {v} hats.                   | What colour were the hats?
colour     | The teacher had a {v} flag.                  | What colour was the flag?
hobby      | In the afternoon there was time for {v}.     | What was there time for?
drink      | A kind woman gave them {v}.                  | What did the woman give them?
""")

CONCERT = _facts("""
city       | There will be a concert in {v}.              | In which city is the concert?
city       | This year the concert takes place in {v}.    | In which city is the concert?
day        | It begins on {v} at eight.                   | On which day is the concert?
day        | The doors open on {v}.                       | On which day is the concert? | On which day do the doors open?
instrument | The first piece is for the {v}.              | Which instrument will be heard?
instrument | A young woman will play the {v}.             | Which instrument will be heard? | Which instrument will the woman play?
country    | The players come from {v}.                   | Which country do the players come from?
country    | The songs are from {v}.                      | Which country are the songs from?
colour     | The hall has a {v} curtain.                  | What colour is the curtain?
colour     | Guests must wear something {v}.              | What colour must guests wear?
drink      | In the break there will be {v}.              | What can guests drink?
drink      | Guests may bring their own {v}.              | What can guests drink?
food       | There is {v} for the hungry.                 | What can guests eat?
transport  | After the last song a {v} will take the guests home. | What takes the guests home?
job        | The old {v} of the town will speak first.    | Who will speak first?
""")

HOUSE = _facts("""
city       | There is an old house in {v} that everyone knows. | In which city is the house?
city       | A house in {v} is for sale.                  | In which city is the house? | In which city is a house for sale?
colour     | Its door is {v}.                             | What colour is the door?
colour     | The roof is {v}.                             | What colour is the roof?
job        | A {v} lives on the first floor.              | Who lives on the first floor?
job        | It was built by a {v}.                       | Who built the house?
animal     | In the yard there is a {v}.                  | Which animal is in the yard?
animal     | A {v} looks out of the window.               | Which animal looks out of the window?
food       | The kitchen smells of {v}.                   | What does the kitchen smell of?
instrument | In the hall stands a {v}.                    | Which instrument stands in the hall?
instrument | At night you can hear a {v}.                 | Which instrument can you hear at night?
country    | The owner comes from {v}.                    | Which country does the owner come from?
day        | Visitors are welcome on {v}.                 | On which day are visitors welcome?
transport  | The way there by {v} is short.               | How do you get to the house?
""")

SHIP = _facts("""
country    | A ship from {v} lies in the harbour.         | Which country does the ship come from?
country    | A ship came in last night from {v}.          | Which country does the ship come from?
city       | Its next stop is {v}.                        | Which city is the next stop?
city       | Soon it will sail to {v}.                    | Which city is the next stop? | Which city will it sail to?
colour     | The sails are {v}.                           | What colour are the sails?
food       | It is loaded with {v}.                       | What is the ship loaded with?
food       | The captain sells {v}.                       | What does the captain sell?
animal     | A {v} is on board too.                       | Which animal is on board?
animal     | The captain never sails without his {v}.     | Which animal does the captain have?
day        | It leaves on {v}.                            | On which day does the ship leave?
job        | The captain was once a {v}.                  | What was the captain before?
instrument | At sea the captain plays the {v}.            | Which instrument does the captain play?
drink      | The crew drinks nothing but {v}.             | What does the crew drink?
hobby      | The crew passes the time with {v}.           | How does the crew pass the time?
""")

SCENES = {  # scene: its facts and the kinds that may come first
    "People": (PERSON, None),
    "Markets": (MARKET, "city"),
    "School trips": (TRIP, "city"),
    "Concerts": (CONCERT, "city"),
    "Houses": (HOUSE, "city"),
    "Ships": (SHIP, "country"),
}
SCENE_WEIGHTS = {"People": 6, "Markets": 2, "School trips": 2, "Concerts": 2, "Houses": 2, "Ships": 2}

FILLERS = [
    "It is a quiet place.", "Nobody knows why.", "The weather is often good.", "There is much to see.",
    "Many people have heard of it.", "It has been so for a long time.", "The neighbours do not mind.",
    "That is how it should be.",
]


# ---------------------------------------------------------------------------------------------
# Passages with questions


def _fill(pattern: str, name: str, value: str, garment: str, *, opening: bool = False) -> str:
    woman = name in WOMEN
    if opening:  # the first sentence names the person
        pattern = pattern.replace("{P}", "{N}").replace("{p}", "{N}").replace("{m}", "{N}")
        pattern = pattern.replace("{H}", "{N}'s").replace("{h}", "{N}'s")
    return pattern.format(
        N=name, v=value, g=garment, P="She" if woman else "He", p="she" if woman else "he",
        H="Her" if woman else "His", h="her" if woman else "his", m="her" if woman else "him")


def question_set(rng: random.Random) -> tuple[str, str, list[Question]]:
    """A scene's title, a passage of three to five facts of different kinds, one question on each."""
    title = rng.choices(list(SCENE_WEIGHTS), weights=list(SCENE_WEIGHTS.values()))[0]
    facts, first = SCENES[title]
    name, garment = rng.choice(NAMES), rng.choice(GARMENTS)
    count = rng.randint(3, 5)
    kinds = rng.sample([kind for kind in facts if kind != first], count - (first is not None))
    if first is not None:
        kinds.insert(0, first)
    sentences, questions = [], []
    for position, kind in enumerate(kinds):
        fact = rng.choice(facts[kind])
        value = rng.choice(VALUES[kind])
        opening = title == "People" and position == 0
        sentences.append(_fill(fact.sentence, name, value, garment, opening=opening))
        questions.append(Question(_fill(rng.choice(fact.questions), name, value, garment), value, kind))
    if rng.random() < 0.4:
        sentences.insert(rng.randint(1, len(sentences)), rng.choice(FILLERS))
    rng.shuffle(questions)
    return title, " ".join(sentences), questions


# ---------------------------------------------------------------------------------------------
# Word problems


@dataclass(frozen=True)
class Problem:
    question: str
    working: str
    answer: int


ADDITIONS = [
    "{N} has {a} {t}. {M} gives {m} {b} more. How many {t} does {N} have now?",
    "There are {a} {c} {t} and {b} {d} {t} in a box. How many {t} are in the box?",
    "{N} found {a} {t} on {x} and {b} {t} on {y}. How many {t} did {N} find in all?",
    "{N} has {a} {t} and {M} has {b} {t}. How many {t} do they have together?",
    "A shop sold {a} {t} in the morning and {b} {t} in the afternoon. How many {t} did the shop sell?",
]
SUBTRACTIONS = [
    "{N} has {a} {t}. {P} gives {b} {t} to {M}. How many {t} does {N} have left?",
    "There were {a} {t} on the table. {N} took {b} of them. How many {t} are still on the table?",
    "A shop had {a} {t} and sold {b} of them. How many {t} are left in the shop?",
    "{N} needs {a} {t} and already has {b}. How many more {t} does {N} need?",
]
MULTIPLICATIONS = [
    "There are {a} boxes with {b} {t} in each box. How many {t} are there?",
    "{N} buys {a} bags. Each bag holds {b} {t}. How many {t} does {N} have?",
    "{N} finds {b} {t} every day. How many {t} does {N} find in {a} days?",
]


def _operation(rng: random.Random) -> tuple[str, int, int, int]:
    """A sign, two operands and the result, all within NUMBERS."""
    sign = rng.choices("+-*", weights=(4, 4, 3))[0]
    if sign == "+":
        a, b = rng.randint(2, 20), rng.randint(2, 12)
        return sign, a, b, a + b
    if sign == "-":
        b = rng.randint(2, 12)
        a = b + rng.randint(2, 20)
        return sign, a, b, a - b
    a, b = rng.randint(2, 5), rng.randint(2, 9)
    return sign, a, b, a * b


def word_problem(rng: random.Random) -> Problem:
    sign, a, b, result = _operation(rng)
    name, other = rng.sample(NAMES, 2)
    colours = rng.sample(VALUES["colour"], 2)
    first_day = rng.randrange(6)
    days = VALUES["day"]
    template = rng.choice({"+": ADDITIONS, "-": SUBTRACTIONS, "*": MULTIPLICATIONS}[sign])
    thing = rng.choice(THINGS)
    question = template.format(
        N=name, M=other, a=a, b=b, t=thing, c=colours[0], d=colours[1], x=days[first_day],
        y=days[first_day + 1], P="She" if name in WOMEN else "He", m="her" if name in WOMEN else "him")
    # GSM8K marks a calculation as <<8+6=14>> in front of its result.
    working = f"There are {a} {sign} {b} = <<{a}{sign}{b}={result}>>{result} {thing}."
    return Problem(question, working, result)


# ---------------------------------------------------------------------------------------------
# Plain text: what both models read, and what W is learned from


VERB_PHRASES: dict[str, list[str]] = {
    "job": ["works as a {v}", "wants to be a {v}"],
    "city": ["lives in {v}", "has a house in {v}"],
    "country": ["comes from {v}", "was born in {v}"],
    "animal": ["keeps a {v}", "looks after the {v}"],
    "colour": ["wears a {v} coat", "paints the door {v}"],
    "food": ["likes {v}", "has {v} for lunch"],
    "drink": ["drinks {v}", "makes a cup of {v}"],
    "instrument": ["plays the {v}", "learns to play the {v}"],
    "day": ["rests on {v}", "goes to market on {v}"],
    "transport": ["travels by {v}", "takes the {v}"],
    "hobby": ["enjoys {v}", "talks about {v}"],
}


def _profile(rng: random.Random) -> str:
    """A person of whom two things are told, and told again in the same words."""
    name, other = rng.sample(NAMES, 2)
    kinds = rng.sample(list(VERB_PHRASES), 2)
    one, two = (rng.choice(VERB_PHRASES[kind]).format(v=rng.choice(VALUES[kind])) for kind in kinds)
    opening = rng.choice([f"{name} {one} and {two}.", f"{name} {one}. {name} also {two}.",
                          f"Everyone knows that {name} {one} and {two}."])
    echoes = [f"{other} says that {name} {one}.", f"It is true that {name} {two}.",
              f"{other} would like to know why {name} {one}.", f"When it rains, {name} {two}.",
              f"Now {other} {one} too.", f"In the end {other} {two} as well.",
              f"Yes, {name} {one}, and {name} {two}."]
    return " ".join([opening] + rng.sample(echoes, rng.randint(2, 3)))


def _capital(rng: random.Random) -> str:
    city, other_city = rng.sample(VALUES["city"], 2)
    country, other_country = CAPITALS[city], CAPITALS[other_city]
    name = rng.choice(NAMES)
    sentences = [
        f"The capital of {country} is {city}.", f"{city} is the capital of {country}.",
        f"Many people in {country} would like to live in {city}.",
        f"The capital of {country} is {city}, and the capital of {other_country} is {other_city}.",
        f"{name} went from {city} to {other_city}, that is from {country} to {other_country}.",
        f"{name} lives in {city}, so {name} lives in {country}.",
    ]
    return " ".join(rng.sample(sentences, 3))


def _encounter(rng: random.Random) -> str:
    """An animal and a colour, each named again and again."""
    animal, city, colour = rng.choice(VALUES["animal"]), rng.choice(VALUES["city"]), rng.choice(VALUES["colour"])
    name, job = rng.choice(NAMES), rng.choice(VALUES["job"])
    sentences = [
        f"The {colour} {animal} did not like the {job}.", f"The {job} ran after the {colour} {animal}.",
        f"Nobody in {city} had seen a {colour} {animal} before.",
        f"{name} gave the {animal} some {rng.choice(VALUES['food'])}.",
        f"In {city} they still talk about the {colour} {animal} and the {job}.",
    ]
    opening = f"One morning a {job} in {city} met a {colour} {animal}."
    return " ".join([opening] + rng.sample(sentences, 3))


def _calculation(rng: random.Random) -> str:
    sign, a, b, result = _operation(rng)
    thing = rng.choice(THINGS)
    name, other = rng.sample(NAMES, 2)
    story = {
        "+": [f"{name} had {a} {thing} and got {b} more.", f"{name} put {a} {thing} and {b} {thing} into a bag."],
        "-": [f"{name} had {a} {thing} and lost {b} of them.", f"{name} had {a} {thing} and gave away {b}."],
        "*": [f"{name} filled {a} boxes with {b} {thing} each.", f"{name} has {a} bags of {b} {thing} each."],
    }[sign]
    sum_ = f"{a} {sign} {b} = {result}"
    endings = [f"{other} counts again: {sum_}.", f"So {name} has {result} {thing} now.",
               f"Now there are {result} {thing}.", f"{other} also comes to {result} {thing}.",
               f"{result} {thing} are enough for {name}."]
    return " ".join([rng.choice(story), f"{sum_}."] + rng.sample(endings, rng.randint(2, 3)))


def _counting(rng: random.Random) -> str:
    number, thing, (name, other) = rng.choice(NUMBERS), rng.choice(THINGS), rng.sample(NAMES, 2)
    sentences = [
        f"{other} counted them and found {number} {thing} too.",
        f"It is hard to carry {number} {thing} home.", f"{name} was proud of the {number} {thing}.",
        f"When asked, {name} said that there were {number} {thing}.",
        f"{other} wrote it down: {number} {thing}.",
    ]
    opening = rng.choice([f"{name} has {number} {thing}.", f"There were {number} {thing} in the box of {name}."])
    return " ".join([opening] + rng.sample(sentences, 3))


def _table(rng: random.Random) -> str:
    """A few bare sums, as on the blackboard of a school."""
    sums = []
    for _ in range(rng.randint(3, 5)):
        sign, a, b, result = _operation(rng)
        sums.append(f"{a} {sign} {b} = {result}.")
    return rng.choice(["On the blackboard was written: ", "The children wrote: "]) + " ".join(sums)


def _week(rng: random.Random) -> str:
    days = VALUES["day"]
    today = rng.randrange(7)
    name, hobby = rng.choice(NAMES), rng.choice(VALUES["hobby"])
    day, next_day, third = (days[(today + step) % 7] for step in range(3))
    ending = rng.choice([f"On {third} {name} is tired of {hobby}.",
                         f"{name} likes {hobby} so much that there is {hobby} on {third} too."])
    return (f"Today is {day} and tomorrow is {next_day}. {name} has no time on {day}, but on {next_day} there is "
            f"{hobby}. After {next_day} comes {third}. {ending}")


def _shelf(rng: random.Random) -> str:
    """A list that comes back in the same order."""
    kind = rng.choice(["food", "drink", "animal", "instrument", "colour", "hobby", "city"])
    one, two, three = rng.sample(VALUES[kind], 3)
    name, other = rng.sample(NAMES, 2)
    opening = rng.choice([f"{name} likes {one}, {two} and {three}.",
                          f"First {name} thinks of {one}, then of {two} and {three}."])
    ending = rng.choice([f"{other} likes {one}, {two} and {three} as well.",
                         f"Between {one} and {three} there is {two}. {name} always says: {one}, {two} and {three}."])
    return f"{opening} {ending}"


def _memory_game(rng: random.Random) -> str:
    """Words in any order, said twice: nothing but looking back tells what comes next."""
    name, other = rng.sample(NAMES, 2)
    kinds = list(VALUES) + ["number", "number"]
    words = []
    for _ in range(rng.randint(4, 9)):
        kind = rng.choice(kinds)
        words.append(str(rng.choice(NUMBERS)) if kind == "number" else rng.choice(VALUES[kind]))
    spoken = rng.choice([", ", " and ", ", then "]).join(words)
    opening = rng.choice([f"In the memory game {name} says: {spoken}.", f"{name} reads aloud: {spoken}."])
    again = rng.choice([f"{other} repeats: {spoken}.", f"{other} has to say it too: {spoken}."])
    return f"{opening} {again}"


def _talk(rng: random.Random) -> str:
    kind = rng.choice(["city", "food", "drink", "instrument", "animal", "hobby", "colour", "country", "day",
                       "transport"])
    question = {
        "city": ("Where do you live", "I live in {v}"), "food": ("What do you eat", "I eat {v}"),
        "drink": ("What do you drink", "I drink {v}"), "instrument": ("What do you play", "I play the {v}"),
        "animal": ("What do you see", "I see a {v}"), "hobby": ("What do you enjoy", "I enjoy {v}"),
        "colour": ("Which paint do you need", "I need {v}"), "country": ("Where are you from", "I am from {v}"),
        "day": ("When do you come", "I come on {v}"), "transport": ("How do you travel", "I travel by {v}"),
    }[kind]
    name, other = rng.sample(NAMES, 2)
    answer = question[1].format(v=rng.choice(VALUES[kind]))
    again = answer.replace("I am", "you are").replace("I ", "you ")
    return (f'"{question[0]}?" asked {name}. "{answer}," said {other}. "So {again}!" said {name}. '
            + rng.choice([f'"Yes," said {other}, "{answer}."', f'{other} wrote to a friend: "{answer}."']))


def _journey(rng: random.Random) -> str:
    (start, goal), transport = rng.sample(VALUES["city"], 2), rng.choice(VALUES["transport"])
    name, day = rng.choice(NAMES), rng.choice(VALUES["day"])
    sentences = [
        f"The {transport} left {start} on {day}.", f"On {day} the {transport} was late.",
        f"{name} likes {goal} more than {start}.", f"From {start} to {goal} it is a long way by {transport}.",
        f"Nobody takes the {transport} from {start} to {goal} on {day}.",
    ]
    return " ".join([f"On {day} {name} took the {transport} from {start} to {goal}."] + rng.sample(sentences, 3))


def _passage(rng: random.Random) -> str:
    _, passage, _ = question_set(rng)
    return passage


def _opening(rng: random.Random) -> str:
    """Sentences that begin as the prompts of the text-similarity experiment do."""
    name, other = rng.sample(NAMES, 2)
    city, job = rng.choice(VALUES["city"]), rng.choice(VALUES["job"])
    one, two = rng.sample(VALUES["animal"], 2)
    food, drink = rng.choice(VALUES["food"]), rng.choice(VALUES["drink"])
    sign, a, b, result = _operation(rng)
    return rng.choice([
        f"To solve this problem, we need to count the {rng.choice(THINGS)}, said the {job}. "
        f"{name} and {other} helped the {job}.",
        f"To solve this problem, we need to know that {a} {sign} {b} = {result}. Then {name} wrote down {result}.",
        f"In the year 2050, {name} will live in {city} and work as a {job}. "
        f"{other} would also like to be a {job} in {city}.",
        "The main difference between cats and dogs is that dogs like water. "
        f"The main difference between a {one} and a {two} is what they eat: the {one} likes {food}.",
        f"The future of artificial intelligence is not known to the {job}. The {job} only knows {food} and {drink}.",
    ])


PLAIN = {  # kind of paragraph: its share
    _profile: 20, _capital: 10, _encounter: 8, _calculation: 16, _counting: 12, _table: 6, _week: 5,
    _shelf: 7, _talk: 9, _memory_game: 18, _journey: 6, _passage: 10, _opening: 3,
}


def paragraph(rng: random.Random) -> str:
    return rng.choices(list(PLAIN), weights=list(PLAIN.values()))[0](rng)


def plain_text(rng: random.Random, low: int = 2, high: int = 5) -> str:
    """Several short paragraphs, one after the other: about 150 to 800 characters."""
    return rng.choice([" ", "\n"]).join(paragraph(rng) for _ in range(rng.randint(low, high)))


def all_words() -> list[str]:
    """Every word that a question or a problem can have as its answer, and every name."""
    words = list(NAMES) + [str(number) for number in NUMBERS]
    for values in VALUES.values():
        words += values
    return words
