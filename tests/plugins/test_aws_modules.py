"""Modules that read what is secret: parameters in batches, and the registry's password."""

import base64
from typing import Any

from tests.plugins.test_image_plugins import load

ecr_password_info = load("modules/ecr_password_info.py")
ssm_parameter_info = load("modules/ssm_parameter_info.py")


class Store:
    """Parameter Store with some parameters; it takes ten names at once, none of them twice."""

    def __init__(self, **values: str) -> None:
        self.values: dict[str, str] = values
        self.asked: list[int] = []

    def get_parameters(self, *, aws_retry: bool, Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert aws_retry
        assert len(set(Names)) == len(Names) <= 10
        self.asked.append(len(Names))
        found = [{"Name": n, "Value": self.values[n] if WithDecryption else "x"} for n in Names if n in self.values]
        return {"Parameters": found, "InvalidParameters": [name for name in Names if name not in self.values]}


def test_parameters_come_in_batches_and_those_that_are_missing_are_left_out() -> None:
    store = Store(**{f"p{number}": f"v{number}" for number in range(12)})
    names = [f"p{number}" for number in range(13)] + ["p0"]
    found = ssm_parameter_info.read(store, names, decrypt=True)
    assert found == store.values
    assert store.asked == [10, 3]


def test_what_is_encrypted_may_stay_so() -> None:
    assert ssm_parameter_info.read(Store(a="word"), ["a"], decrypt=False) == {"a": "x"}


def test_the_password_is_the_second_part_of_the_token() -> None:
    class Registry:
        def get_authorization_token(self, *, aws_retry: bool) -> dict[str, Any]:
            assert aws_retry
            return {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:made:up").decode()}]}

    assert ecr_password_info.password(Registry()) == "made:up"
