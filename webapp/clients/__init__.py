"""The outside world, a folder a system. Nothing here knows Flask or the database.

A new client is a folder. `contract.py` stands below the rest of it: the values that go in and come
out, the one error (a `Failure`, `permanent` where trying again cannot help) and, where there are
several implementations, the protocol that each keeps. What speaks HTTP makes an `HttpClient`
(`http/client.py`) for servers that the operator names, or a `PublicClient` (`public/client.py`) for
addresses of users, and gives each call an `Allowance` of seconds and bytes. It turns `CallError`
and `AddressError` into its own error, with a sentence about the server it asked, and says with
`asks_for_later` and `seconds_to_wait` whether and when to try again. What speaks another protocol
connects by `http/connection.py`. httpx2 loads slowly, so what needs it is imported when it is used.
"""
