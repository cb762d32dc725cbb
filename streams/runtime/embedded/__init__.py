"""The embedded log: one process, one directory, one SQLite file; no broker.

errors.py      what can go wrong with the directory and the file, and what the operator does about it
lock.py        one process per directory
database.py    the file itself: tables, settings, checks, transactions
inputs.py      records, in rows of many
outputs.py     what is told to the world, a table per topic
flushes.py     the state as a chain of flushes
compaction.py  PURE  which old flushes have to be carried into the next one
reader.py      the log read without writing, also beside its owner
log.py         the log: durable appends, atomic flushes, retention
recovery.py    state read back from the log
schedule.py    when the loop flushes, ticks and wakes
backup.py      a checked copy of a log, made while its owner writes
restore.py     such a copy made a data directory again
run.py         the loop: read, process, flush, tick
told.py        an outcome as rows of output
"""
