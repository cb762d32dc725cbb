"""The demo: people with recognisable lives, and a terminal view of what becomes of them.

stories.py     lives as phases of sessions: the window shopper, the churner, the advocate, …
acts.py        what one can do: an event, its channel and its properties
people.py      who lives them: an invented name, a country, habits, a story
life.py        one life, a visit at a time
population.py  all lives merged in the order of time
clock.py       a clock that runs at a pace of its own
diary.py       what the view remembers: a day ago, a score day by day, a readable feed
snapshot.py    what the view shows, from the processor's figures and the model in force
view.py        a snapshot drawn for a terminal (pure); palette.py has its colours and blocks
keys.py        single keys from the terminal

`streams/cli/demo.py` puts them on the embedded run.
"""
