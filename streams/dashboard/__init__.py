"""The JSON API, the stream of events and the page.

app.py         the routes, put together: create_app(service, …)
service.py     what the routes ask for; the run behind it is chosen by the command
customers.py   GET customers; one of them, why it is where it is, and what it did
outputs.py     GET transitions and alerts, newest first; POST who looks after an alert
figures.py     GET figures about everybody, now and over time, flows between stages, and the service's state
model.py       GET the model in force
events.py      GET what happens, as server-sent events
feed.py        what happens, looked for once and handed on to all who listen
operations.py  GET metrics, liveness and readiness
page_routes.py GET the page and the document of the API for people
page/          the page itself: HTML, CSS and ES modules, served as they are
parameters.py  how many, from where, and no parameter that the route does not know
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
