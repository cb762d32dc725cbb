"""The stories that people of the demo live: phases, and in each how often they come and what they do."""

from typing import Final

import msgspec


class Session(msgspec.Struct, frozen=True):
    """One visit: how many acts (fewest, most), how often each relative to the others, and how it may end."""

    acts: tuple[tuple[str, float], ...]
    length: tuple[int, int] = (2, 7)
    last: str = ""


class Phase(msgspec.Struct, frozen=True):
    """A stretch of a life.

    days: it lasts between so many days; with `until_gifts` it ends so many days before the next gift day.
    pace: sessions a week at its start and at its end. regular: 1 is pure chance, 6 nearly clockwork.
    opens, closes: acts that happen once, at its start and at its end.
    """

    name: str
    days: tuple[float, float]
    pace: tuple[float, float]
    sessions: tuple[tuple[Session, float], ...]
    regular: float = 2.0
    until_gifts: bool = False
    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()


class Story(msgspec.Struct, frozen=True):
    """A kind of life: its share of the population, its phases, and the phase that it goes back to.

    again: the number of the phase that follows the last one; None ends the life.
    """

    name: str
    share: float
    phases: tuple[Phase, ...]
    again: int | None


GIFT_DAYS: Final = ((2, 14), (5, 10), (9, 1), (12, 24))  # month and day

BROWSE: Final = Session((("look", 6), ("read", 3), ("wish", 0.4)))
GLANCE: Final = Session((("read", 3), ("look", 2)), length=(1, 2))
WEIGH: Final = Session((("look", 4), ("compare", 2), ("price", 2), ("cart", 1), ("chat", 0.4)), length=(3, 8))
BUY: Final = Session((("look", 4), ("cart", 2)), length=(3, 6), last="order")
BUY_BIG: Final = Session((("look", 5), ("cart", 4), ("compare", 1)), length=(5, 10), last="big_order")
BUY_IN_STORE: Final = Session((("look", 2), ("chat", 0.5)), length=(1, 3), last="store_order")
BUY_GIFTS: Final = Session((("look", 6), ("wish", 2), ("cart", 2)), length=(4, 9), last="gift_order")
USE: Final = Session((("feature", 6), ("look", 1), ("video", 0.6), ("comment", 0.4)), length=(3, 9))
LEARN: Final = Session((("video", 3), ("feature", 3), ("read", 1), ("webinar", 0.5)), length=(2, 6))
TALK: Final = Session((("comment", 5), ("read", 3), ("share", 1.2), ("video", 1)), length=(2, 7))
RECOMMEND: Final = Session((("share", 2), ("look", 2), ("praise", 1), ("comment", 1)), length=(2, 5))
ARGUE: Final = Session((("chat", 5), ("look", 1)), length=(3, 8))
RENEW: Final = Session((("feature", 2),), length=(1, 3), last="renew")
MAIL: Final = Session((("newsletter", 1),), length=(1, 1))

STORIES: Final = (
    Story(
        "window shopper",
        0.21,
        (
            Phase("looks around", (3, 10), (3, 1.5), ((BROWSE, 6), (GLANCE, 3), (WEIGH, 1))),
            Phase("has other things to do", (12, 40), (0.5, 0.3), ((GLANCE, 4), (MAIL, 2))),
        ),
        again=0,
    ),
    Story(
        "steady weekly buyer",
        0.14,
        (
            Phase("finds out", (3, 9), (3, 4), ((BROWSE, 3), (WEIGH, 2)), opens=("sign_up",)),
            Phase(
                "buys every week",
                (60, 120),
                (1.8, 1.8),
                ((BUY, 5), (BROWSE, 3), (MAIL, 1)),
                regular=6,
                opens=("order", "profile"),
                closes=("content", "pass"),
            ),
        ),
        again=1,
    ),
    Story(
        "trial to advocate",
        0.12,
        (
            Phase(
                "reads",
                (3, 9),
                (3, 4),
                ((GLANCE, 2), (WEIGH, 2), (LEARN, 1)),
                opens=("sign_up",),
                closes=("demo",),
            ),
            Phase("tries", (10, 16), (4, 5), ((USE, 4), (LEARN, 3), (WEIGH, 1)), opens=("trial", "webinar")),
            Phase(
                "becomes a member", (18, 30), (4, 4), ((USE, 5), (LEARN, 1)), opens=("subscribe", "profile")
            ),
            Phase(
                "tells everybody",
                (60, 110),
                (4, 3.5),
                ((USE, 5), (RECOMMEND, 2), (TALK, 1), (RENEW, 0.8), (BUY, 0.4)),
                regular=2,
                opens=("renew", "praise", "promote", "invite"),
                closes=("invite", "promote"),
            ),
        ),
        again=3,
    ),
    Story(
        "fading power user",
        0.10,
        (
            Phase("tries", (5, 9), (4, 6), ((LEARN, 2), (USE, 2), (WEIGH, 1)), opens=("sign_up", "trial")),
            Phase("lives in it", (20, 34), (8, 7), ((USE, 6), (LEARN, 1), (TALK, 1)), opens=("subscribe",)),
            Phase("loses interest", (18, 30), (6, 0.4), ((USE, 2), (GLANCE, 3)), closes=("shrug", "pass")),
            Phase("is gone", (40, 70), (0.1, 0.1), ((MAIL, 1),)),
        ),
        again=1,
    ),
    Story(
        "churner",
        0.08,
        (
            Phase("tries", (6, 12), (3, 4), ((USE, 2), (WEIGH, 2)), opens=("sign_up", "trial")),
            Phase("uses it a little", (18, 40), (2.5, 1.2), ((USE, 2), (GLANCE, 2)), opens=("subscribe",)),
            Phase(
                "has had enough",
                (5, 12),
                (1, 1),
                ((GLANCE, 2), (ARGUE, 1)),
                opens=("ticket", "cross"),
                closes=("cancel",),
            ),
        ),
        again=None,
    ),
    Story(
        "comeback",
        0.09,
        (
            Phase("buys", (16, 26), (3, 2.5), ((BUY, 2), (BROWSE, 4)), opens=("sign_up", "order")),
            Phase("is silent", (24, 45), (0.15, 0.15), ((MAIL, 1),), closes=("win_back",)),
            Phase("is back", (12, 24), (3, 3), ((BROWSE, 3), (BUY, 2), (WEIGH, 1)), opens=("price", "order")),
        ),
        again=1,
    ),
    Story(
        "detractor",
        0.06,
        (
            Phase("buys with hope", (6, 14), (3, 3), ((WEIGH, 3), (BUY, 1)), opens=("sign_up", "order")),
            Phase(
                "has a bad experience",
                (4, 9),
                (3, 2),
                ((ARGUE, 3), (GLANCE, 1)),
                opens=("ticket", "complain", "cross"),
                closes=("call", "detract"),
            ),
            Phase("keeps away", (25, 50), (0.4, 0.3), ((GLANCE, 2), (MAIL, 2))),
            Phase("gives it one more try", (5, 9), (2, 2), ((BROWSE, 2), (BUY, 1))),
        ),
        again=1,
    ),
    Story(
        "seasonal gift buyer",
        0.08,
        (
            Phase("waits for a reason", (7, 24), (0.35, 0.35), ((GLANCE, 3), (MAIL, 2)), until_gifts=True),
            Phase(
                "buys gifts",
                (5, 12),
                (3, 4.5),
                ((BUY_GIFTS, 3), (BROWSE, 3), (WEIGH, 1)),
                opens=("wish",),
                closes=("gift_order",),
            ),
            Phase("rests", (10, 16), (0.3, 0.2), ((MAIL, 1), (GLANCE, 1)), opens=("content",)),
        ),
        again=0,
    ),
    Story(
        "big-basket loyalist",
        0.06,
        (
            Phase("looks closely", (5, 12), (2, 3), ((WEIGH, 3), (BROWSE, 2)), opens=("sign_up",)),
            Phase(
                "buys for the house",
                (40, 70),
                (1, 1),
                ((BUY_BIG, 3), (BUY_IN_STORE, 1), (BROWSE, 4), (RECOMMEND, 1)),
                regular=5,
                opens=("big_order", "enrol"),
                closes=("praise", "promote"),
            ),
        ),
        again=1,
    ),
    Story(
        "community regular",
        0.06,
        (
            Phase("reads along", (6, 14), (2, 3), ((GLANCE, 3), (TALK, 2)), opens=("sign_up",)),
            Phase(
                "talks with everybody",
                (40, 80),
                (4, 4),
                ((TALK, 5), (LEARN, 2), (BROWSE, 1)),
                opens=("profile",),
            ),
            Phase("takes a break", (12, 25), (0.4, 0.8), ((GLANCE, 2), (MAIL, 1)), closes=("webinar",)),
        ),
        again=1,
    ),
)
