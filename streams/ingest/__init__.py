"""Other people's events into touchpoints.

item.py         what became of one item: accepted with its bytes, or refused with a reason
canonical.py    PURE  Rapport's own shape: bodies and lines, checked
segment.py      PURE  calls of a Segment-shaped tracker, with its clock rule
instants.py     PURE  RFC 3339, bare dates and milliseconds
mapping.py      PURE  a mapping file, read and checked
table.py        PURE  a checked mapping, compiled: rows into touchpoints
lines.py        files as lines: plain or gzip, in blocks, with progress
files.py        files as touchpoints: each row becomes one, or a dead letter with its line
history.py      touchpoints of files into a processor: in file order or sorted, up to an instant
"""
