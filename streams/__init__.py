"""Rapport: touchpoints in, live customers out.

engine/     PURE  customers as rows, rules as small programs; compiled once for every model
model/      PURE  the YAML language: read, checked, compiled to the engine's plan; presets
runtime/          processor (PURE: records in, happenings out) and the logs that run it
ingest/           other people's events into touchpoints; the HTTP collector
dashboard/        the JSON API over the live table
cli/              one module per command
"""
