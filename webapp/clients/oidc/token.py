"""The keys that a provider publishes, and the tokens that it signs with them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from joserfc.jwk import GuestProtocol

# Which keys an algorithm can be checked with: `kty`, and one of these as `crv`. No symmetric ones:
# everybody knows a public key that is mistaken for a shared secret.
_RSA = ("RSA", frozenset[str]())
_ALGORITHMS: Mapping[str, tuple[str, frozenset[str]]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), _RSA),
    "ES256": ("EC", frozenset({"P-256"})),
    "ES384": ("EC", frozenset({"P-384"})),
    "ES512": ("EC", frozenset({"P-521"})),
    "EdDSA": ("OKP", frozenset({"Ed25519", "Ed448"})),
    "Ed25519": ("OKP", frozenset({"Ed25519"})),
    "Ed448": ("OKP", frozenset({"Ed448"})),
}
# The public members of a key, by kind.
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_CURVES = frozenset().union(*(curves for _, curves in _ALGORITHMS.values()))
_RSA_BITS = range(2048, 8193)  # smaller ones can be broken, larger ones are slow


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, and what its publisher says about it."""

    id: object
    algorithm: object  # the only one it is for, or None
    kind: str
    curve: object
    value: RSAKey | ECKey | OKPKey


def key_of(entry: object) -> Key | None:
    """A key of a key set, or None for one whose signatures we cannot check."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    kind = entry.get("kty")
    if not isinstance(kind, str) or kind not in _MEMBERS:
        return None
    # Only its public members: a private one that somebody published would change what it is.
    members = {name: entry.get(name) for name in _MEMBERS[kind]}
    public = {name: member for name, member in members.items() if isinstance(member, str)}
    public["kty"] = kind
    value: RSAKey | ECKey | OKPKey
    try:
        if kind == "RSA":
            # Checked before joserfc sees it, which only warns about a weak key.
            modulus = base64.urlsafe_b64decode(public["n"] + "==")
            if int.from_bytes(modulus, "big").bit_length() not in _RSA_BITS:
                return None
            value = RSAKey.import_key({**public})
        elif public["crv"] not in _CURVES:
            return None
        else:
            value = (ECKey if kind == "EC" else OKPKey).import_key({**public})
    except (JoseError, ValueError, TypeError, LookupError):
        return None
    return Key(entry.get("kid"), entry.get("alg"), kind, public.get("crv"), value)


class NoKeyError(Exception):
    """No published key has the id that the token names."""


class _Algorithms(JWSRegistry):
    """The algorithms we allow. joserfc's own list would warn of EdDSA's name at each log-in."""

    max_header_length = 4096

    def get_alg(self, name: str) -> Any:
        if name not in _ALGORITHMS:
            raise UnsupportedAlgorithmError("not allowed")
        return self.algorithms[name]


# Not strict: providers add their own header parameters, and those in `crit` are checked anyway.
_registry = _Algorithms(strict_check_header=False)


def verified_claims(token: str, keys: Collection[Key]) -> dict[str, Any]:
    """The claims of a token that one of `keys` signed.

    Raises `NoKeyError`, or what joserfc raises.
    """

    def choose(signature: GuestProtocol) -> RSAKey | ECKey | OKPKey:
        header = signature.headers()
        algorithm, key_id = header["alg"], header.get("kid")
        kind, curves = _ALGORITHMS[algorithm]
        if key_id is not None and all(key.id != key_id for key in keys):
            raise NoKeyError
        fitting = [
            key.value
            for key in keys
            if key_id in (None, key.id)
            and key.kind == kind
            and (not curves or key.curve in curves)
            and key.algorithm in (None, algorithm)
        ]
        # Without an id there must be exactly one match, says the standard; two with one id are
        # refused too.
        if len(fitting) != 1:
            raise ValueError("no one key fits")
        return fitting[0]

    return jwt.decode(token, choose, registry=_registry).claims
