"""The metadata of a token."""

from __future__ import annotations

from webapp.rules.tokens.metadata import metadata_of


def test_it_is_always_the_same_bytes():
    given = {
        "name_template": "GLISK S0 #{n}",
        "description": 'GLISK "Season" 0 \u2013 größer',
        "token_id": 12,
        "image_cid": "bafy",
    }
    assert (
        metadata_of(**given, twitter_handle="@ana", farcaster_handle="anna")
        == (
            '{"name":"GLISK S0 #12","description":"GLISK \\"Season\\" 0 \u2013 größer",'
            '"image":"ipfs://bafy","attributes":['
            '{"trait_type":"Author X Handle","value":"@ana"},'
            '{"trait_type":"Author Farcaster Handle","value":"@anna"}]}'
        ).encode()
    )
    assert metadata_of(**given).endswith(b'"attributes":[]}')


def test_a_template_is_no_format():
    made = metadata_of(
        name_template="{n} {n!r:>99} {}", description="", token_id=3, image_cid="bafy"
    )
    assert b'"name":"3 {n!r:>99} {}"' in made
