"""The demo conversations, as data. `demo_world.py` writes them to the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SYSTEM = ""
"""Sender of system messages."""


@dataclass(frozen=True)
class DemoMessage:
    """A demo message: sender, age and text, with later changes to it."""

    sender: str
    hours_ago: float
    text: str
    name: str = ""
    reply_to: str = ""
    reactions: Sequence[tuple[str, str]] = ()
    edited_from: str = ""
    is_deleted: bool = False
    images: Sequence[str] = ()
    documents: Sequence[str] = ()
    location: dict[str, Any] | None = None
    mentions: Sequence[str] = ()


@dataclass(frozen=True)
class DemoConversation:
    """A demo conversation. The users in `read_by` have read all of it, the others up to their own latest message."""

    conversation_type: str
    reference: str
    title: str
    members: Sequence[tuple[str, str]]
    messages: Sequence[DemoMessage]
    read_by: Sequence[str] = ()
    is_closed: bool = False
    archived_by: Sequence[str] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


FENCE = DemoConversation(
    "job",
    "demo",
    "Paint the fence",
    (("ana", "admin"), ("bo", "participant"), ("cy", "observer")),
    (
        DemoMessage("ana", 0, "Hi Bo! Could you paint the fence on Friday?"),
        DemoMessage("bo", 0, "Friday works. 80 for material and work, all in."),
    ),
)

KITCHEN = DemoConversation(
    "job",
    "4711",
    "Tiles for the kitchen",
    (("ana", "admin"), ("bo", "participant"), ("mia", "participant"), ("cy", "observer"), ("sam", "moderator")),
    (
        DemoMessage(SYSTEM, 77, "Bo Chen has been assigned to this job"),
        DemoMessage(
            "ana", 76.5, "Hello! The wall behind the stove is 3.2 by 0.6 metres, and the floor is about 11 m²."
        ),
        DemoMessage("ana", 76.4, "The old tiles are off already.", images=("wall",)),
        DemoMessage("bo", 75, "That looks clean, good work.", reactions=(("ana", "😊"),)),
        DemoMessage("bo", 74.9, "Which of these do you like better? Both are in stock until Thursday.", name="choice"),
        DemoMessage("bo", 74.8, "", images=("green", "sand")),
        DemoMessage(
            "ana", 52, "The green ones!", reply_to="choice", reactions=(("bo", "👍"), ("mia", "👍"), ("sam", "🎉"))
        ),
        DemoMessage("mia", 51.6, "I would have said sand, but with that floor green is right"),
        DemoMessage("bo", 51, "Then green it is. Here is the offer, with the grout.", documents=("Offer 4711.pdf",)),
        DemoMessage("ana", 50.5, "Wrong chat, sorry", is_deleted=True),
        DemoMessage(
            "ana", 28, "Agreed. Can you start on Thursday at 8?", name="start", edited_from="Agreed. Can you start?"
        ),
        DemoMessage(
            "bo", 27.5, "Thursday at 8 is fine, @Ana Lima. It will take two days.", reply_to="start", mentions=("ana",)
        ),
        DemoMessage("bo", 27.4, "Where may I park?"),
        DemoMessage(
            "ana",
            27,
            "",
            location={"lat": 48.2082, "lng": 16.3738, "label": "The yard, through the green gate"},
            reactions=(("bo", "🙏"),),
        ),
        DemoMessage("ana", 26.9, "The gate is open from 7."),
        DemoMessage(SYSTEM, 6, "The first half has been paid"),
        DemoMessage("bo", 3.2, "Floor is done, the wall comes tomorrow. Please do not step on it before the evening!"),
        DemoMessage("bo", 3.1, "", images=("floor",), reactions=(("ana", "😍"), ("mia", "🔥"))),
        DemoMessage("ana", 2.6, "It is even better than in the picture. Thank you!"),
        DemoMessage("mia", 1.2, "Beautiful. Now I want new tiles too."),
        DemoMessage("bo", 0.6, "You know where to find me 😉", reactions=(("mia", "😂"),)),
    ),
    read_by=("bo", "sam"),
)

CONVERSATIONS: Sequence[DemoConversation] = (
    DemoConversation(
        "dispute",
        "77",
        "Scratches on the new table",
        (("ana", "participant"), ("bo", "participant"), ("sam", "admin")),
        (
            DemoMessage(SYSTEM, 30, "Ana Lima has opened a dispute about job 4402"),
            DemoMessage("ana", 29.8, "The table came with two scratches along the edge.", images=("table",)),
            DemoMessage("bo", 29, "It left my workshop without. I have pictures from the day before."),
            DemoMessage("sam", 26, "Thank you both. Bo, please send the pictures here, and I will look at them today."),
            DemoMessage("bo", 25, "They are on my other phone; this evening."),
        ),
        read_by=("ana", "bo", "sam"),
    ),
    DemoConversation(
        "bid",
        "B-208",
        "Hedge along the street, 14 m",
        (("ana", "admin"), ("mia", "participant")),
        (
            DemoMessage(
                "mia", 23, "Hi Ana, I saw your request. I would take it for 220, with the cuttings taken away."
            ),
            DemoMessage("ana", 22, "Sounds good. Is it possible before the 12th?"),
            DemoMessage("mia", 5, "The 10th, from 9 in the morning. I will need a power socket."),
        ),
        read_by=("mia",),
    ),
    DemoConversation(
        "request",
        "R-31",
        "A shelf that fits under the stairs",
        (("ana", "admin"), ("bo", "participant"), ("mia", "participant")),
        (
            DemoMessage("ana", 99, "It has to follow the slope: 40 cm at the low end, 160 at the high one."),
            DemoMessage("bo", 98, "Oak or something lighter?"),
            DemoMessage("ana", 97, "Lighter. Ash, if that is possible."),
            DemoMessage("bo", 96, "It is. I will make a drawing."),
        ),
        read_by=("ana", "bo", "mia"),
    ),
    KITCHEN,
    DemoConversation(
        "job",
        "4390",
        "Lamp in the hall",
        (("ana", "admin"), ("bo", "participant")),
        (
            DemoMessage("bo", 171, "The lamp is up, and the switch works again."),
            DemoMessage("ana", 170, "Perfect, thank you. I have paid the rest.", reactions=(("bo", "🙏"),)),
        ),
        read_by=("ana", "bo"),
        is_closed=True,
    ),
    DemoConversation(
        "bid",
        "B-117",
        "Gutters, front side",
        (("ana", "admin"), ("bo", "participant")),
        (
            DemoMessage("bo", 300, "I can do it for 140."),
            DemoMessage("ana", 299, "Thank you, but somebody was faster."),
        ),
        read_by=("ana", "bo"),
        archived_by=("ana",),
    ),
    DemoConversation(
        "support",
        "invoice",
        "Where is my invoice?",
        (("ana", "admin"), ("sam", "moderator")),
        (
            DemoMessage("ana", 47, "Hello, I cannot find the invoice for job 4402."),
            DemoMessage(
                "sam", 46, "Hello Ana! It is in your profile under Payments. I have sent it to you by mail too."
            ),
            DemoMessage("ana", 45.8, "Found it, thanks!", reactions=(("sam", "👍"),)),
        ),
        read_by=("ana", "sam"),
    ),
    DemoConversation(
        "direct",
        "",
        "",
        (("ana", "participant"), ("mia", "participant")),
        (
            DemoMessage("mia", 49, "Are you coming to the plant market on Saturday?"),
            DemoMessage("ana", 48.5, "Yes! Shall we go together?"),
            DemoMessage("mia", 48.4, "🌱🎉"),
            DemoMessage("mia", 0.9, "I have put two tomato plants aside for you."),
            DemoMessage("mia", 0.8, "They need sun, water, and somebody to talk to. See https://example.org/tomatoes"),
        ),
        read_by=("mia",),
    ),
    DemoConversation(
        "direct",
        "",
        "",
        (("ana", "participant"), ("bo", "participant")),
        (
            DemoMessage("bo", 74, "Thank you for the coffee yesterday!"),
            DemoMessage("ana", 73.9, "Any time ☕"),
        ),
        read_by=("ana", "bo"),
    ),
)
