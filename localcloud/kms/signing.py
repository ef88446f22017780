"""Signatures by asymmetric keys, also of messages that the caller has hashed, which moto signs as if they had not been.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, API_Verify.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from moto.kms.models import Key
    from moto.kms.utils import ECDSAPrivateKey, RSAPrivateKey

HASHES: dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
SIGNS = "SIGN_VERIFY"


def fault(key: Key, algorithm: str, message: bytes, operation: str, *, hashed: bool) -> Fault | None:
    """Return why KMS does not take a key, an algorithm or a hash together."""
    usage = key.key_usage or "ENCRYPT_DECRYPT"  # moto keeps none where the request names none
    if usage != SIGNS:
        text = f"{key.arn} key usage is {usage} which is not valid for {operation}."
        return Fault(code="InvalidKeyUsageException", message=text)
    if algorithm not in key.signing_algorithms:
        text = f"Algorithm {algorithm} is incompatible with key spec {key.key_spec}."
        return Fault(code="InvalidKeyUsageException", message=text)
    if hashed and len(message) != _hash(algorithm).digest_size:
        return Fault(code="ValidationException", message=f"Digest is invalid length for algorithm {algorithm}.")
    return None


def sign(key: Key, algorithm: str, message: bytes, *, hashed: bool) -> bytes:
    """Return the signature of a message, or of its hash: in DER for an elliptic curve."""
    private, how = _private(key), _how(algorithm, hashed=hashed)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(message, ec.ECDSA(how))
    return private.sign(message, _padding(algorithm), how)


def verify(key: Key, algorithm: str, message: bytes, signature: bytes, *, hashed: bool) -> bool:
    """Say whether the key signed a message, or its hash."""
    public, how = _private(key).public_key(), _how(algorithm, hashed=hashed)
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, message, ec.ECDSA(how))
        else:
            public.verify(signature, message, _padding(algorithm), how)
    except InvalidSignature:
        return False
    return True


def _private(key: Key) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    return cast("ECDSAPrivateKey | RSAPrivateKey", key.private_key).private_key


def _how(algorithm: str, *, hashed: bool) -> Prehashed | hashes.HashAlgorithm:
    return Prehashed(_hash(algorithm)) if hashed else _hash(algorithm)


def _hash(algorithm: str) -> hashes.HashAlgorithm:
    return HASHES[algorithm[-3:]]()


def _padding(algorithm: str) -> padding.AsymmetricPadding:
    if "PSS" in algorithm:
        return padding.PSS(mgf=padding.MGF1(_hash(algorithm)), salt_length=padding.PSS.DIGEST_LENGTH)
    return padding.PKCS1v15()
