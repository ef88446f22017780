"""Signatures of images, as cosign writes and reads them: statements about an image, signed by a key of AWS KMS.

A statement is in-toto's (https://in-toto.io/Statement/v1), its envelope DSSE's (https://github.com/secure-systems-lab/dsse), and both
are in a bundle of Sigstore's (https://docs.sigstore.dev/about/bundle/).
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
SIGNED = "https://sigstore.dev/cosign/sign/v1"  # that somebody signed the image, and no more
ALGORITHM = "ECDSA_SHA_256"  # of a key ECC_NIST_P256, which each program that reads bundles knows


def question(key: str, payload: bytes) -> dict[str, Any]:
    """Return what KMS is asked to sign or to verify: the SHA-256 of DSSE's pre-authentication encoding of a statement."""
    parts = (b"DSSEv1", b"%d" % len(PAYLOAD), PAYLOAD.encode(), b"%d" % len(payload), payload)
    digest = hashlib.sha256(b" ".join(parts)).digest()
    return {"KeyId": key, "Message": digest, "MessageType": "DIGEST", "SigningAlgorithm": ALGORITHM}


def statement(digest: str, predicate_type: str, predicate: dict[str, Any]) -> bytes:
    """State something about the image of this digest, `sha256:<hex>`."""
    algorithm, value = digest.split(":", 1)
    document = {
        "_type": STATEMENT,
        "subject": [{"digest": {algorithm: value}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def signed(kms: Any, key: str, payload: bytes) -> bytes:
    """Have KMS sign a statement; return its bundle."""
    answer = kms.sign(aws_retry=True, **question(key, payload))
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD,
        "signatures": [{"sig": base64.b64encode(answer["Signature"]).decode()}],
    }
    # the hint is for people: who verifies has the key
    material = {"publicKey": {"hint": answer["KeyId"]}}
    document = {"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope}
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def read(bundle: bytes) -> tuple[bytes, list[bytes]]:
    """Return a bundle's statement, and its signatures. Raises ValueError where it is none of a statement."""
    try:
        envelope = json.loads(bundle)["dsseEnvelope"]
        payload = base64.b64decode(envelope["payload"], validate=True)
        signatures = [base64.b64decode(each["sig"], validate=True) for each in envelope["signatures"]]
        kind = envelope["payloadType"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it is no bundle with a statement: {error!r}") from error
    if kind != PAYLOAD:
        raise ValueError(f"it holds {kind}, not {PAYLOAD}")
    return payload, signatures


def about(payload: bytes, digest: str) -> str:
    """Return what kind of statement it is. Raises ValueError where it is about another image."""
    try:
        document = json.loads(payload)
        subjects = [each["digest"] for each in document["subject"]]
        kind, version = str(document["predicateType"]), document["_type"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it is no statement: {error!r}") from error
    algorithm, value = digest.split(":", 1)
    if version != STATEMENT or not any(each.get(algorithm) == value for each in subjects):
        raise ValueError(f"it is about {subjects}")
    return kind
