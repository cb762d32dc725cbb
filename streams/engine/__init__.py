"""Customers are rows, rules are small programs: the compiled engine. Pure.

compiled.py    how functions are compiled once, cached, or run interpreted
instants.py    days, hours, weeks and what "never" is
layout.py      names of columns and where they stand in a row's four arrays
plan.py        a model's parameters as arrays, under names
ground.py      what every kernel function works on: rows, plan, work space, what was told
kinds/         one module per field kind: what a touchpoint does, its reading, its next change, merge
programs.py    rules as stack programs: value, how fast it can move, until when it holds
readings.py    scores and dimensions of a row at an instant
frameworks.py  which stage a row belongs to at an instant
alerts.py      which alerts are raised or resolved at an instant
evaluate.py    all of it at one instant, what is told, and the row's next due instant
advance.py     touchpoints in, rows changed, happenings out; elapse is the same for time alone
duplicates.py  ids remembered per customer within grace
table.py       growing matrices and the index from customer id to row
stored.py      rows as bytes and back, also from an older layout
merge.py       two histories of one subject into one
"""
