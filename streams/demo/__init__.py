"""The demo: people with recognisable lives, a clock that runs fast, and a terminal view of what they do.

acts.py        what one can do: an event, its channel and its properties
stories.py     lives as phases of sessions: the window shopper, the churner, the advocate, …
people.py      who lives them: an invented name, a country, habits, a story
life.py        one life, a session at a time
population.py  all lives merged in the order of time
clock.py       a clock that runs at a pace of its own
snapshot.py    what the view shows, taken from the processor's figures
view.py        a snapshot drawn for a terminal (pure)
show.py        the loop: people act, the engine reads, the view is drawn
"""
