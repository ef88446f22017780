from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

if TYPE_CHECKING:
    from localcloud.conftest import Cloud


def test_a_key_is_managed_by_its_arn(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    arn = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]

    def state() -> str:
        return str(kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"])

    kms.disable_key(KeyId=arn)
    assert state() == "Disabled"
    kms.enable_key(KeyId=arn)
    assert state() == "Enabled"
    replica = kms.replicate_key(KeyId=arn, ReplicaRegion="eu-central-1")["ReplicaKeyMetadata"]["Arn"]
    assert replica == arn.replace("eu-west-1", "eu-central-1")
    assert kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)["KeyId"] == arn
    assert state() == "PendingDeletion"
    assert kms.cancel_key_deletion(KeyId=arn)["KeyId"] == arn
    assert state() == "Disabled"


def test_a_key_is_found_by_its_arn_after_a_restart(cloud: Cloud) -> None:
    arn = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    cloud.boot()
    cloud.client("kms").disable_key(KeyId=arn)
    assert cloud.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "Disabled"


def test_an_arn_of_no_key_is_refused(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    with pytest.raises(ClientError, match=f"NotFoundException.*Key '{arn}' does not exist"):
        kms.schedule_key_deletion(KeyId=arn)


def test_a_disabled_key_is_not_used(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=arn)
    uses = (
        lambda: kms.encrypt(KeyId=arn, Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=sealed),
        lambda: kms.generate_data_key(KeyId=arn, KeySpec="AES_256"),
        lambda: kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=arn),
        lambda: kms.create_grant(
            KeyId=arn, GranteePrincipal=cloud.client("sts").get_caller_identity()["Arn"], Operations=["Decrypt"]
        ),
        lambda: kms.enable_key_rotation(KeyId=arn),
        lambda: kms.disable_key_rotation(KeyId=arn),
    )
    for use in uses:
        with pytest.raises(ClientError, match=f"DisabledException.*{arn} is disabled."):
            use()
    kms.create_alias(AliasName="alias/kept", TargetKeyId=arn)
    kms.enable_key(KeyId=arn)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


@pytest.mark.parametrize(
    ("usage", "spec", "use"),
    [
        ("SIGN_VERIFY", "RSA_2048", {"SigningAlgorithm": "RSASSA_PSS_SHA_256"}),
        ("GENERATE_VERIFY_MAC", "HMAC_256", {"MacAlgorithm": "HMAC_SHA_256"}),
    ],
)
def test_a_disabled_key_signs_and_verifies_nothing(cloud: Cloud, usage: str, spec: str, use: dict[str, str]) -> None:
    kms = cloud.client("kms")
    asked = {"KeyId": kms.create_key(KeyUsage=usage, KeySpec=spec)["KeyMetadata"]["Arn"], "Message": b"m", **use}
    make, verify = (kms.sign, kms.verify) if usage == "SIGN_VERIFY" else (kms.generate_mac, kms.verify_mac)
    made = make(**asked)
    sealed = {name: made[name] for name in ("Signature", "Mac") if name in made}
    verify(**asked, **sealed)
    kms.disable_key(KeyId=asked["KeyId"])
    for call in (lambda: make(**asked), lambda: verify(**asked, **sealed)):
        with pytest.raises(ClientError, match=r"DisabledException.* is disabled\."):
            call()


@pytest.mark.parametrize(
    ("spec", "algorithm", "name"),
    [
        ("ECC_NIST_P256", "ECDSA_SHA_256", "sha256"),
        ("ECC_NIST_P384", "ECDSA_SHA_384", "sha384"),
        ("RSA_2048", "RSASSA_PSS_SHA_512", "sha512"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", "sha256"),
    ],
)
def test_a_message_and_its_hash_have_signatures_that_hold_for_each_other(
    cloud: Cloud, spec: str, algorithm: str, name: str
) -> None:
    kms = cloud.client("kms")
    key = {"KeyId": kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec=spec)["KeyMetadata"]["Arn"]}
    asked = {**key, "SigningAlgorithm": algorithm}
    raw = {"Message": b"m", "MessageType": "RAW"}
    hashed = {"Message": hashlib.new(name, b"m").digest(), "MessageType": "DIGEST"}
    for signed, shown in ((raw, hashed), (hashed, raw)):
        signature = kms.sign(**asked, **signed)["Signature"]
        assert kms.verify(**asked, **shown, Signature=signature)["SignatureValid"]
    with pytest.raises(ClientError, match="KMSInvalidSignatureException"):
        kms.verify(**asked, Message=b"n", Signature=signature)
    with pytest.raises(ClientError, match=f"ValidationException.*Digest is invalid length for algorithm {algorithm}."):
        kms.sign(**asked, Message=b"short", MessageType="DIGEST")


def test_a_signature_is_one_of_the_public_key(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    key = {"KeyId": kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["Arn"]}
    public = load_der_public_key(kms.get_public_key(**key)["PublicKey"])
    assert isinstance(public, ec.EllipticCurvePublicKey)
    signature = kms.sign(**key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    public.verify(signature, b"m", ec.ECDSA(hashes.SHA256()))


def test_a_key_of_another_kind_signs_nothing_and_one_that_signs_is_not_rotated(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    sealing = kms.create_key()["KeyMetadata"]["Arn"]
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["Arn"]
    asked = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    with pytest.raises(
        ClientError, match=f"InvalidKeyUsage.*{sealing} key usage is ENCRYPT_DECRYPT .* not valid for Sign"
    ):
        kms.sign(KeyId=sealing, **asked)
    with pytest.raises(
        ClientError, match=r"InvalidKeyUsage.*RSASSA_PSS_SHA_256 is incompatible with key spec ECC_NIST_P256"
    ):
        kms.sign(KeyId=signing, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256")
    with pytest.raises(ClientError, match=f"UnsupportedOperationException.*{signing}"):
        kms.enable_key_rotation(KeyId=signing)


def test_the_public_key_of_a_disabled_key_is_not_shown(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    arn = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    assert kms.get_public_key(KeyId=arn)["PublicKey"]
    kms.disable_key(KeyId=arn)
    with pytest.raises(ClientError, match=f"DisabledException.*{arn} is disabled."):
        kms.get_public_key(KeyId=arn)


def test_a_key_that_is_about_to_be_deleted_is_left_alone(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(ClientError, match=f"KMSInvalidStateException.*{arn} is not pending deletion."):
        kms.cancel_key_deletion(KeyId=arn)
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    uses = (
        lambda: kms.encrypt(KeyId=arn, Plaintext=b"x"),
        lambda: kms.create_alias(AliasName="alias/late", TargetKeyId=arn),
        lambda: kms.enable_key(KeyId=arn),
        lambda: kms.disable_key(KeyId=arn),
        lambda: kms.schedule_key_deletion(KeyId=arn),
    )
    for use in uses:
        with pytest.raises(ClientError, match=f"KMSInvalidStateException.*{arn} is pending deletion."):
            use()
