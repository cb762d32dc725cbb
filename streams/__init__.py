"""Rapport: touchpoints in, live customers out.

engine/             PURE  customers as rows, rules as small programs; compiled once for every model
model/              PURE  the YAML language: read, checked, compiled to the engine's plan; presets
runtime/                  processor (PURE: records in, happenings out) and the logs that run it
ingest/                   other people's events into touchpoints; the HTTP collector
dashboard/                the JSON API, the stream of events and the page
archive/                  what was told, as tables of SQLite
materialised/             the same of a fleet on Kafka, made of its topics
demo/                     the made-up company and its view
cli/                      one module per command
instrumentation.py        what happens, as log lines and metrics
instrumentation_population.py  how everybody is, as metrics read when somebody asks
instrumentation_disk.py   how much room the embedded log takes and has
population_gauges.py      what these are, and where in the figures they are found
instrumentation_worker.py what happens in a worker on Kafka alone
instrumentation_dashboard.py  what happens in a dashboard on Kafka alone
ledger.py                 records read, and what became of them: one account
durations.py              how long things take, as metrics
metrics_table.py          the table of metrics for the README
exposition.py             all metrics as text, made once for everybody who asks
logs.py                   log lines of the process, as JSON, and how often a library may say the same
settings.py               one table of settings, from file, variables and options
settings_table.py         that table for the README
topics.py                 the topics that make up the public contract
testing.py                the processor without a log and with a clock by hand, for tests of models
"""
