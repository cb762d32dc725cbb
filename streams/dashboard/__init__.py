"""The JSON API over the live table.

app.py         the routes, put together: create_app(service, …)
service.py     what the routes ask for; the run behind it is chosen by the command
customers.py   GET one customer, and why
outputs.py     GET transitions, alerts and figures, newest first
operations.py  GET metrics, liveness and readiness
population.py  figures about everybody, read when Prometheus asks
session.py     POST, GET and DELETE the session: the cookie of a browser
guard.py       who may talk to the port: Host, Origin, token, scope, rate
access.py      which scope a request needs, in one place
tokens.py      access tokens and the file that keeps their digests
keyring.py     which tokens open the port now
limits.py      requests per second of a caller, places for event streams
headers.py     what is said with every answer
addresses.py   customer ids in paths
problems.py    errors as RFC 9457 problems
document.py    the OpenAPI document
"""
