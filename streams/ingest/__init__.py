"""Other people's events into touchpoints.

item.py           PURE  what became of one item: accepted with its bytes, or refused with a reason
canonical.py      PURE  Rapport's own shape: bodies and lines, checked
shape.py          PURE  which shape a line has
segment.py        PURE  calls of a Segment-shaped tracker
foreign.py        PURE  records of other people's topics
clock.py          PURE  when something happened, by clocks that may be wrong
instants.py       PURE  instants as text
mapping.py        PURE  what a checked mapping is; mapping_file.py and mapping_field.py read and check one
table.py          PURE  a mapping, compiled: rows into touchpoints; times.py reads their instants
records.py        PURE  CSV records out of lines
lines.py                files as lines: plain or gzip, in blocks
files.py                files as touchpoints: each row is one, or a dead letter with its line
history.py              touchpoints of files through a processor: as they stand or sorted, up to an instant
http.py                 the HTTP collector
"""
