"""The index of earlier entries answers as a look at all of them would, and looks at few."""

from hypothesis import given
from hypothesis import strategies as st

from streams.model.above import EntriesAbove
from streams.model.definition import Condition, Entry
from streams.model.overrides import covers
from streams.model.tree import Source, make_source

SOURCES = tuple(make_source(name=name, text="") for name in ("child.yaml", "parent.yaml"))
EVENTS = st.sampled_from(("A", "B", "Ab", "A*", "Ab*", "*", "?b", "A[b]", "[*"))
VALUES = st.sampled_from(("a", "ab", "1", 1, 1.0, True, False, 0))
CONDITIONS = st.one_of(
    st.builds(Condition, st.sampled_from("xy"), st.just("eq"), VALUES),
    st.builds(Condition, st.sampled_from("xy"), st.just("any"), st.lists(VALUES, max_size=2).map(tuple)),
    st.builds(
        Condition,
        st.sampled_from("xy"),
        st.just("glob"),
        st.sampled_from(("a*", "*", "ab*", "a?", "?b", "a")),
    ),
    st.builds(Condition, st.sampled_from("xy"), st.sampled_from(("ge", "lt")), st.sampled_from((0, 1))),
    st.builds(Condition, st.sampled_from("xy"), st.just("exists"), st.booleans()),
)
ENTRIES = st.builds(Entry, EVENTS, st.lists(CONDITIONS, max_size=3).map(tuple))


@given(st.lists(st.tuples(ENTRIES, st.sampled_from(SOURCES)), max_size=12))
def test_the_first_that_covers_an_entry_is_found(entries: list[tuple[Entry, Source]]) -> None:
    """Whatever the events, patterns and conditions, and whichever files they come from."""
    above = EntriesAbove()
    for number, (entry, source) in enumerate(entries):
        plain = [one for one, _ in entries[:number] if covers(one, entry)]
        others = [one for one, origin in entries[:number] if origin != source and covers(one, entry)]

        assert above.first_over(entry) == (plain[0] if plain else None)
        assert above.first_over(entry, not_from=source) == (others[0] if others else None)

        above.add(entry, source=source)


def test_entries_that_cannot_cover_another_are_not_looked_at() -> None:
    """Other events, values and beginnings, however many there are."""
    above = EntriesAbove()
    for number in range(1_000):
        above.add(Entry(f"Event {number}*"), source=SOURCES[0])
        above.add(Entry("Viewed", (Condition("plan", "eq", number),)), source=SOURCES[0])
        above.add(Entry("Viewed", (Condition("path", "glob", f"/shop/{number}/*"),)), source=SOURCES[0])
    above.add(Entry("View*", (Condition("plan", "ge", 2),)), source=SOURCES[0])
    later = Entry("Viewed", (Condition("plan", "eq", 7), Condition("path", "glob", "/shop/9/a*")))

    found = [entry for entry, _ in above.candidates(later)]

    assert found == [
        Entry("Viewed", (Condition("plan", "eq", 7),)),
        Entry("Viewed", (Condition("path", "glob", "/shop/9/*"),)),
        Entry("View*", (Condition("plan", "ge", 2),)),
    ]
