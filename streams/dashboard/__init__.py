"""The JSON API over the live table.

app.py         the routes, put together: create_app(service, …)
service.py     what the routes ask for; the run behind it is chosen by the command
customers.py   GET one customer, and why
outputs.py     GET transitions, alerts and figures, newest first
operations.py  GET metrics, liveness and readiness
population.py  figures about everybody, read when Prometheus asks
guard.py       who may talk to the port: Host, Origin, token
addresses.py   customer ids in paths
problems.py    errors as RFC 9457 problems
"""
