"""Clients for outside systems, one folder each. Nothing here knows Flask or the database.

A new client is a folder. The rest of it builds on `contract.py`: the values that go in and come
out, the one error (a `Failure`, `permanent` if a retry cannot help) and, if there are several
implementations, their protocol. HTTP clients use an `HttpClient` (`http/client.py`) for servers
that the operator names, or a `PublicClient` (`public/client.py`) for addresses given by users, and
give each call an `Allowance` of seconds and bytes. They convert `CallError` and `AddressError` to
their own error, with a sentence about the server, and use `asks_for_later` and `seconds_to_wait` to
say whether and when to retry. Other protocols connect with `http/connection.py`. httpx2 loads
slowly, so modules that need it are imported when they are used.
"""
