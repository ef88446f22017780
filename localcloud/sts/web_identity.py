"""Web identities: whose tokens are believed, and what they say.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import jwt

from localcloud.core.errors import Fault
from localcloud.http.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
NEEDED = ("iss", "sub", "aud", "exp", "iat")


@dataclass(frozen=True, kw_only=True)
class WebIdentity:
    """Who a token is of."""

    provider: str  # ARN of IAM's identity provider
    issuer: str  # its URL without https://, as condition keys begin
    subject: str
    audience: str


def verify(token: str, providers: Iterable[Any], key_of: Callable[[str], str]) -> WebIdentity:
    """Return whose token this is.

    `providers` are IAM's OpenID Connect providers; `key_of` returns an issuer's public key as PEM, "" when it can't be had.
    Raises RefusedError, with STS' codes.
    """
    try:
        told = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise _invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        ) from error
    issuer = str(told.get("iss", ""))
    name = issuer.removeprefix("https://").rstrip("/")
    provider = next((one for one in providers if one.url.rstrip("/") == name), None)
    if provider is None or not issuer.startswith("https://"):
        raise _invalid(f"No OpenIDConnect provider found in your account for {issuer}")
    key = key_of(issuer)
    if not key:
        raise _invalid(
            "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity "
            "documentation for requirements"
        )
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=list(provider.client_id_list),
            issuer=issuer,
            options={"require": list(NEEDED)},
        )
    except jwt.ExpiredSignatureError as error:
        now = int(datetime.now(UTC).timestamp())
        message = f"Token expired: current date/time {now} must be before the expiration date/time {told['exp']}"
        raise RefusedError(Fault(code="ExpiredTokenException", message=message)) from error
    except jwt.InvalidAudienceError as error:
        raise _invalid("Incorrect token audience") from error
    except jwt.InvalidTokenError as error:
        raise _invalid(f"The ID Token provided can't be verified: {error}") from error
    audiences = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    audience = next(one for one in audiences if one in provider.client_id_list)
    return WebIdentity(provider=provider.arn, issuer=name, subject=str(claims["sub"]), audience=audience)


def _invalid(message: str) -> RefusedError:
    return RefusedError(Fault(code="InvalidIdentityToken", message=message))
