"""The public contract: whatever crosses a topic or a port. The type is the schema is the validation. Pure.

touchpoint.py   what comes in            validate.py     what its type cannot say
outputs.py      what goes out            views.py        what the query side answers
dead_letter.py  what could not be used   http.py         receipts, pages and problems
instants.py     instants to and from milliseconds
json_schema.py  writes json/ from these types; examples/ holds one payload of each
"""
