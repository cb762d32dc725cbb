"""The oracle: the meaning of a model in slow, obvious Python on dicts and lists.

It shares nothing with the engine but the model's structs. It keeps what happened as lists, recomputes every
value from them, and evaluates the syntax trees directly. Engine and oracle are held against each other on
random models and histories; where they differ, one of them misreads `semantics.md`.

How it finds the instant of a change. In meaning a rule is evaluated at every millisecond. The oracle asks a
decision (would this framework move, would this alert open?) about a whole stretch of milliseconds at once.
Every term says what it can be within the stretch: a decaying dimension lies between its values at the two
ends, a window counts at least what it covers throughout and at most what it covers at some instant, `since`
is a straight line. If every question that the decision puts has one answer for the whole stretch, the
decision is the same throughout. If not, the stretch is halved, and its earlier half is asked first; a single
millisecond is simply evaluated. So the first instant is found without a list of breakpoints of which one
could be forgotten, and without samples between which a crossing could hide.

Modules: `mapping` (touchpoint to entry), `row` (what is remembered), `application` (what a touchpoint
leaves), `terms` and `evaluation` (values at an instant), `ranges` and `stretches` (values within a stretch),
`decisions` (frameworks, alerts, emission), `judgement` (one evaluation and what it tells), `life` (one
customer in time), `partition` (lateness, duplicates, deletion, ticks), `canonical` (the decoded state).
"""

from tests.oracle.partition import Oracle

__all__ = ["Oracle"]
