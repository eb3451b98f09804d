"""What the demo users said to each other: data only. How it gets into the database is in `world.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SYSTEM = ""
"""Who says what the platform says."""


@dataclass(frozen=True)
class Line:
    """A message: who, how long ago, what; and what became of it."""

    who: str
    hours_ago: float
    words: str
    name: str = ""
    reply_to: str = ""
    reactions: Sequence[tuple[str, str]] = ()
    edited_from: str = ""
    is_deleted: bool = False
    pictures: Sequence[str] = ()
    documents: Sequence[str] = ()
    place: dict[str, Any] | None = None
    mentions: Sequence[str] = ()


@dataclass(frozen=True)
class Talk:
    """A conversation. `read_by` have read all of it; the others nothing but what they said."""

    kind: str
    about: str
    title: str
    members: Sequence[tuple[str, str]]
    lines: Sequence[Line]
    read_by: Sequence[str] = ()
    is_closed: bool = False
    archived_by: Sequence[str] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


FENCE = Talk(
    "job",
    "demo",
    "Paint the fence",
    (("ana", "admin"), ("bo", "participant"), ("cy", "observer")),
    (
        Line("ana", 0, "Hi Bo! Could you paint the fence on Friday?"),
        Line("bo", 0, "Friday works. 80 for material and work, all in."),
    ),
)

KITCHEN = Talk(
    "job",
    "4711",
    "Tiles for the kitchen",
    (("ana", "admin"), ("bo", "participant"), ("mia", "participant"), ("cy", "observer"), ("sam", "moderator")),
    (
        Line(SYSTEM, 77, "Bo Chen has been assigned to this job"),
        Line("ana", 76.5, "Hello! The wall behind the stove is 3.2 by 0.6 metres, and the floor is about 11 m²."),
        Line("ana", 76.4, "The old tiles are off already.", pictures=("wall",)),
        Line("bo", 75, "That looks clean, good work.", reactions=(("ana", "😊"),)),
        Line("bo", 74.9, "Which of these do you like better? Both are in stock until Thursday.", name="choice"),
        Line("bo", 74.8, "", pictures=("green", "sand")),
        Line("ana", 52, "The green ones!", reply_to="choice", reactions=(("bo", "👍"), ("mia", "👍"), ("sam", "🎉"))),
        Line("mia", 51.6, "I would have said sand, but with that floor green is right"),
        Line("bo", 51, "Then green it is. Here is the offer, with the grout.", documents=("Offer 4711.pdf",)),
        Line("ana", 50.5, "Wrong chat, sorry", is_deleted=True),
        Line("ana", 28, "Agreed. Can you start on Thursday at 8?", name="start", edited_from="Agreed. Can you start?"),
        Line(
            "bo", 27.5, "Thursday at 8 is fine, @Ana Lima. It will take two days.", reply_to="start", mentions=("ana",)
        ),
        Line("bo", 27.4, "Where may I park?"),
        Line(
            "ana",
            27,
            "",
            place={"lat": 48.2082, "lng": 16.3738, "label": "The yard, through the green gate"},
            reactions=(("bo", "🙏"),),
        ),
        Line("ana", 26.9, "The gate is open from 7."),
        Line(SYSTEM, 6, "The first half has been paid"),
        Line("bo", 3.2, "Floor is done, the wall comes tomorrow. Please do not step on it before the evening!"),
        Line("bo", 3.1, "", pictures=("floor",), reactions=(("ana", "😍"), ("mia", "🔥"))),
        Line("ana", 2.6, "It is even better than in the picture. Thank you!"),
        Line("mia", 1.2, "Beautiful. Now I want new tiles too."),
        Line("bo", 0.6, "You know where to find me 😉", reactions=(("mia", "😂"),)),
    ),
    read_by=("bo", "sam"),
)

TALKS: Sequence[Talk] = (
    Talk(
        "dispute",
        "77",
        "Scratches on the new table",
        (("ana", "participant"), ("bo", "participant"), ("sam", "admin")),
        (
            Line(SYSTEM, 30, "Ana Lima has opened a dispute about job 4402"),
            Line("ana", 29.8, "The table came with two scratches along the edge.", pictures=("table",)),
            Line("bo", 29, "It left my workshop without. I have pictures from the day before."),
            Line("sam", 26, "Thank you both. Bo, please send the pictures here, and I will look at them today."),
            Line("bo", 25, "They are on my other phone; this evening."),
        ),
        read_by=("ana", "bo", "sam"),
    ),
    Talk(
        "bid",
        "B-208",
        "Hedge along the street, 14 m",
        (("ana", "admin"), ("mia", "participant")),
        (
            Line("mia", 23, "Hi Ana, I saw your request. I would take it for 220, with the cuttings taken away."),
            Line("ana", 22, "Sounds good. Is it possible before the 12th?"),
            Line("mia", 5, "The 10th, from 9 in the morning. I will need a power socket."),
        ),
        read_by=("mia",),
    ),
    Talk(
        "request",
        "R-31",
        "A shelf that fits under the stairs",
        (("ana", "admin"), ("bo", "participant"), ("mia", "participant")),
        (
            Line("ana", 99, "It has to follow the slope: 40 cm at the low end, 160 at the high one."),
            Line("bo", 98, "Oak or something lighter?"),
            Line("ana", 97, "Lighter. Ash, if that is possible."),
            Line("bo", 96, "It is. I will make a drawing."),
        ),
        read_by=("ana", "bo", "mia"),
    ),
    KITCHEN,
    Talk(
        "job",
        "4390",
        "Lamp in the hall",
        (("ana", "admin"), ("bo", "participant")),
        (
            Line("bo", 171, "The lamp is up, and the switch works again."),
            Line("ana", 170, "Perfect, thank you. I have paid the rest.", reactions=(("bo", "🙏"),)),
        ),
        read_by=("ana", "bo"),
        is_closed=True,
    ),
    Talk(
        "bid",
        "B-117",
        "Gutters, front side",
        (("ana", "admin"), ("bo", "participant")),
        (Line("bo", 300, "I can do it for 140."), Line("ana", 299, "Thank you, but somebody was faster.")),
        read_by=("ana", "bo"),
        archived_by=("ana",),
    ),
    Talk(
        "support",
        "invoice",
        "Where is my invoice?",
        (("ana", "admin"), ("sam", "moderator")),
        (
            Line("ana", 47, "Hello, I cannot find the invoice for job 4402."),
            Line("sam", 46, "Hello Ana! It is in your profile under Payments. I have sent it to you by mail too."),
            Line("ana", 45.8, "Found it, thanks!", reactions=(("sam", "👍"),)),
        ),
        read_by=("ana", "sam"),
    ),
    Talk(
        "direct",
        "",
        "",
        (("ana", "participant"), ("mia", "participant")),
        (
            Line("mia", 49, "Are you coming to the plant market on Saturday?"),
            Line("ana", 48.5, "Yes! Shall we go together?"),
            Line("mia", 48.4, "🌱🎉"),
            Line("mia", 0.9, "I have put two tomato plants aside for you."),
            Line("mia", 0.8, "They need sun, water, and somebody to talk to. See https://example.org/tomatoes"),
        ),
        read_by=("mia",),
    ),
    Talk(
        "direct",
        "",
        "",
        (("ana", "participant"), ("bo", "participant")),
        (
            Line("bo", 74, "Thank you for the coffee yesterday!"),
            Line("ana", 73.9, "Any time ☕"),
        ),
        read_by=("ana", "bo"),
    ),
)
