"""How a token's metadata is addressed on the chain."""

from __future__ import annotations

import pytest

from webapp.rules.tokens.uri import uri_of

# The specification's own example: a raw block with the SHA-256 6e6ff795…
BASE32 = "bafkreidon73zkcrwdb5iafqtijxildoonbwnpv7dyd6ef3qdgads2jc4su"
BASE58 = "zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA"


def test_an_address_names_the_same_bytes_in_either_form():
    assert uri_of(BASE32, "base32") == f"ipfs://{BASE32}"
    assert uri_of(BASE32, "base58") == f"ipfs://{BASE58}"


@pytest.mark.parametrize("other", ["QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", BASE58])
def test_what_is_not_in_base32_stays_as_it_is(other):
    assert uri_of(other, "base58") == f"ipfs://{other}"
