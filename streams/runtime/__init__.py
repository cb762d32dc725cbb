"""A partition of the log, processed: the same processor on every log (law 5).

record.py     PURE  what crosses between a log and the processor
processor.py  PURE  records in; happenings, flushes and views out
embedded/           the log in one SQLite file, and the loop that runs the processor on it
"""
