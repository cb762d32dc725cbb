"""The processor on Kafka: a Faust application whose partitions are taken over, flushed and fenced by us.

app.py, worker.py    the application and the process around it
consumer.py, fetching.py, chunks.py    records in: whole chunks, positions from the changelog
partition.py, state.py, internal.py    one owned partition, what it holds in memory, and its ticks
normalise.py, rekeying.py    a partition of somebody else's topic, and its records as touchpoints
takeover.py, changelog.py, inspection.py    the state back from the log, and whether it belongs to the input
transaction.py, outputs.py, errors.py    a flush as one transaction, and what its failures mean
provisioning.py, administration.py, findings.py    the topics that a fleet needs, and what was found out
following.py, sources.py, resuming.py, arrivals.py    the output topics read back into a dashboard's file
asking.py, permissions.py, release.py    what we may do there, and which Kafka it is
examination.py, looking.py    what there is to see of a fleet on a cluster, and what is to be made of it
connection.py, entrance.py, services.py    how to connect, why one is not let in, and what is shared
ending.py, watchdog.py    how a task is ended, and who ends a process that hangs
"""
