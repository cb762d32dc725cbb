"""What people of the demo can do: each act is one event of the starter model with plausible properties."""

from random import Random
from typing import Final

import msgspec

Value = str | int | float


class Act(msgspec.Struct, frozen=True):
    """One thing that happens, as one touchpoint.

    channel: "" stands for the channel of the session. choices: a property takes one of its values.
    traits: what the customer is from then on. out: the company acts, not the customer.
    basket: the numbers of an order are drawn from (fewest, most) items.
    """

    event: str
    channel: str = ""
    choices: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    traits: tuple[tuple[str, str], ...] = ()
    out: bool = False
    basket: tuple[int, int] | None = None


PRODUCTS: Final = (
    ("kettle-copper", "Copper kettle", 59.0),
    ("lamp-linen", "Linen lamp", 84.0),
    ("mug-speckled", "Speckled mug", 14.5),
    ("chair-ash", "Ash chair", 189.0),
    ("throw-wool", "Wool throw", 72.0),
    ("board-olive", "Olive wood board", 38.0),
    ("vase-ribbed", "Ribbed vase", 45.0),
    ("candle-fig", "Fig candle", 22.0),
    ("tray-walnut", "Walnut tray", 49.0),
    ("clock-brass", "Brass clock", 110.0),
)
FEATURES: Final = ("room-planner", "colour-match", "wish-board", "price-watch", "shared-list", "ar-preview")

_PRODUCT_IDS: Final = tuple(product for product, _, _ in PRODUCTS)
_PAGES: Final = tuple(f"/products/{product}" for product in _PRODUCT_IDS)
_READING: Final = ("/", "/journal/small-rooms", "/journal/slow-mornings", "/guides/caring-for-wood", "/new")
_PRICES: Final = ("/pricing", "/pricing/business", "/pricing/delivery")
_GOOD: Final = (
    "It arrived early, and it is lovely.",
    "Even better than in the pictures.",
    "A joy every day.",
)
_BAD: Final = ("It broke within a week.", "The second one, and also scratched.", "Nobody answers my mails.")

ACTS: Final[dict[str, Act]] = {
    "sign_up": Act("Account Created", choices=(("method", ("email", "single-sign-on")),)),
    "look": Act("Page Viewed", choices=(("path", _PAGES), ("referrer", ("search", "direct", "newsletter")))),
    "read": Act("Page Viewed", choices=(("path", _READING), ("referrer", ("search", "social", "direct")))),
    "price": Act("Page Viewed", choices=(("path", _PRICES), ("referrer", ("direct", "search")))),
    "compare": Act(
        "Products Compared",
        choices=(("product_id", _PRODUCT_IDS), ("against", _PRODUCT_IDS), ("products", (2, 3))),
    ),
    "demo": Act("Demo Requested", choices=(("team_size", (2, 5, 12, 40)), ("topic", FEATURES))),
    "trial": Act("Trial Started", choices=(("days", (14, 30)),), traits=(("plan", "trial"),)),
    "cart": Act("Product Added", choices=(("product_id", _PRODUCT_IDS), ("quantity", (1, 1, 2)))),
    "wish": Act(
        "Product Added to Wishlist", choices=(("product_id", _PRODUCT_IDS), ("list", ("home", "gifts")))
    ),
    "share": Act(
        "Product Shared",
        channel="social",
        choices=(("product_id", _PRODUCT_IDS), ("via", ("link", "picture"))),
    ),
    "praise": Act(
        "Product Reviewed", choices=(("rating", (4, 5, 5)), ("product_id", _PRODUCT_IDS), ("text", _GOOD))
    ),
    "shrug": Act("Product Reviewed", choices=(("rating", (3,)), ("product_id", _PRODUCT_IDS))),
    "complain": Act(
        "Product Reviewed", choices=(("rating", (1, 1, 2)), ("product_id", _PRODUCT_IDS), ("text", _BAD))
    ),
    "video": Act("Video Completed", choices=(("video", _READING[1:4]), ("seconds", (95, 210, 480)))),
    "feature": Act("Feature Used", choices=(("feature", FEATURES), ("seconds", (20, 45, 130, 300)))),
    "comment": Act(
        "Comment Posted", channel="community", choices=(("thread", _READING[1:]), ("words", (9, 24, 71)))
    ),
    "chat": Act("Chat Message Sent", channel="chat", choices=(("topic", ("delivery", "sizes", "repair")),)),
    "ticket": Act("Ticket Opened", channel="email", choices=(("topic", ("broken", "late", "refund")),)),
    "call": Act("Ticket Opened", channel="phone", choices=(("topic", ("broken", "refund")),)),
    "webinar": Act("Webinar Attended", choices=(("title", ("Small rooms", "Light")), ("minutes", (30, 45)))),
    "enrol": Act("Loyalty Enrolled", choices=(("tier", ("copper", "silver")),)),
    "invite": Act("Invite Sent", channel="email", choices=(("invites", (1, 1, 2, 3)),)),
    "profile": Act("Profile Completed", choices=(("fields", (6, 8, 9)),)),
    "promote": Act("NPS Answered", channel="email", choices=(("score", (9, 10)),)),
    "pass": Act("NPS Answered", channel="email", choices=(("score", (7, 8)),)),
    "detract": Act("NPS Answered", channel="email", choices=(("score", (0, 2, 3, 4, 5, 6)),)),
    "content": Act("CSAT Answered", choices=(("score", (4, 5)),)),
    "cross": Act("CSAT Answered", choices=(("score", (1, 2)),)),
    "order": Act("Order Completed", basket=(1, 3), traits=(("plan", "buyer"),)),
    "big_order": Act("Order Completed", basket=(4, 12), traits=(("plan", "buyer"),)),
    "store_order": Act("Order Completed", channel="store", basket=(3, 9)),
    "gift_order": Act("Order Completed", basket=(2, 6), choices=(("gift_wrap", ("linen", "paper")),)),
    "subscribe": Act("Order Completed", basket=(1, 1), traits=(("plan", "member"),)),
    "renew": Act("Subscription Renewed", choices=(("revenue", (19.0, 29.0)), ("period", ("month",)))),
    "cancel": Act(
        "Subscription Cancelled",
        choices=(("reason", ("price", "not used", "went elsewhere")),),
        traits=(("plan", "former"),),
    ),
    "newsletter": Act(
        "Newsletter Sent", channel="email", out=True, choices=(("issue", ("light", "wood", "rooms")),)
    ),
    "win_back": Act(
        "Offer Sent", channel="email", out=True, choices=(("offer", ("we miss you", "10 % off")),)
    ),
}


def properties(act: Act, random: Random) -> dict[str, Value]:
    """Draw the properties of one act; an order's `revenue` is of goods, its `total` with delivery."""
    drawn: dict[str, Value] = {}
    for name, values in act.choices:
        drawn[name] = values[int(random.random() * len(values))]
    if act.basket is not None:
        fewest, most = act.basket
        product, _, price = PRODUCTS[int(random.random() * len(PRODUCTS))]
        quantity = fewest + int(random.random() * (most - fewest + 1))
        drawn["product_id"] = product
        drawn["quantity"] = quantity
        drawn["revenue"] = round(quantity * price, 2)
        drawn["total"] = round(quantity * price + 4.9, 2)
    return drawn
