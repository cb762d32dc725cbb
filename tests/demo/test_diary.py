from msgspec.structs import replace

from schemas.views import PartitionKpis, ScoreFigures
from streams.demo.diary import DAY_MS, KEPT_DAYS, Diary, Feed
from tests.figures import NOBODY

NOON_MS = 20_000 * DAY_MS + DAY_MS // 2


def figures(stages: dict[str, int], *, mean: float | None = None) -> PartitionKpis:
    """Population figures that hold one framework `path` and, if there is a mean, the score `warmth`."""
    scores = {} if mean is None else {"warmth": ScoreFigures(customers=4, sum=4 * mean, bins=[0] * 10)}
    return replace(NOBODY, customers=sum(stages.values()), stages={"path": stages}, scores=scores)


def test_a_day_ago_is_known_after_exactly_a_day() -> None:
    """A millisecond before that nothing is known; at it, what was noted then."""
    diary = Diary("warmth")
    diary.note(figures({"new": 1}), NOON_MS)

    diary.note(figures({"new": 2}), NOON_MS + DAY_MS - 1)
    just_before = diary.a_day_ago("path")
    diary.note(figures({"new": 3}), NOON_MS + DAY_MS)

    assert just_before is None
    assert diary.a_day_ago("path") == {"new": 1}


def test_a_day_ago_goes_along_with_time() -> None:
    """Of several notes the latest one that is a day old counts."""
    diary = Diary("warmth")
    for hour in range(0, 49, 6):
        diary.note(figures({"new": hour}), NOON_MS + hour * DAY_MS // 24)

    assert diary.a_day_ago("path") == {"new": 24}


def test_a_framework_that_was_unknown_then_had_nobody() -> None:
    """A name that was not in the figures a day ago reads as empty."""
    diary = Diary("warmth")
    diary.note(figures({"new": 1}), NOON_MS)
    diary.note(figures({"new": 1}), NOON_MS + DAY_MS)

    assert diary.a_day_ago("another") == {}


def test_a_mean_is_kept_for_the_end_of_each_day() -> None:
    """Later notes of a day replace earlier ones; the next day adds one."""
    diary = Diary("warmth")
    diary.note(figures({}, mean=10), NOON_MS)
    diary.note(figures({}, mean=20), NOON_MS + DAY_MS // 2 - 1)
    diary.note(figures({}, mean=30), NOON_MS + DAY_MS // 2)

    assert diary.means() == (20, 30)


def test_days_without_anybody_have_no_mean() -> None:
    """Nothing is divided by zero, and a model without that score has no means."""
    diary, other = Diary("warmth"), Diary(None)
    diary.note(figures({}), NOON_MS)
    other.note(figures({}, mean=10), NOON_MS)

    assert diary.means() == ()
    assert other.means() == ()


def test_the_diary_forgets() -> None:
    """Only so many days are kept, however long it is written."""
    diary = Diary("warmth")
    for day in range(2 * KEPT_DAYS):
        diary.note(figures({}, mean=day), NOON_MS + day * DAY_MS)

    assert len(diary.means()) == KEPT_DAYS
    assert diary.means()[-1] == 2 * KEPT_DAYS - 1


def test_kinds_take_turns_in_a_feed() -> None:
    """However common one kind is: what was not shown for longest is shown next."""
    feed: Feed[str] = Feed(lambda word: word[0])
    for offered in (["apple", "anise", "berry"], ["apricot", "anise", "berry"], ["apple", "berry"]):
        feed.offer(offered)
        feed.turn()

    assert feed.shown() == ("apple", "berry", "apple")


def test_what_was_offered_and_not_shown_is_forgotten() -> None:
    """A turn without anything new shows nothing more, so that a line is never old news."""
    feed: Feed[str] = Feed(lambda word: word[0])
    feed.offer(["apple", "berry"])

    feed.turn()
    feed.turn()

    assert feed.shown() == ("apple",)


def test_a_feed_begins_with_some_of_what_happened_before() -> None:
    """One of every four, the newest first, so that the list is neither empty nor old."""
    feed: Feed[int] = Feed(str)

    feed.begin([9, 8, 7, 6, 5, 4, 3, 2, 1])

    assert feed.shown() == (9, 8, 4)


def test_a_feed_shows_the_newest_first_and_only_so_many() -> None:
    """Lines come in at the top and leave at the bottom."""
    feed: Feed[str] = Feed(lambda word: word, kept=2)
    for word in ("one", "two", "three"):
        feed.offer([word])
        feed.turn()

    assert feed.shown() == ("three", "two")
