"""Signatures are those of the examples in the reference of S3 ("Examples: Signature Calculations")."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
import requests

from pipeline.publish.signature import Signature

NOW = datetime(2013, 5, 24, tzinfo=UTC)
SIGNATURE = Signature("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None, "us-east-1")
BUCKET = "https://examplebucket.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("address", "mark"),
    [
        (f"{BUCKET}/?lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            f"{BUCKET}/?max-keys=2&prefix=J",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
        (
            f"{BUCKET}/?prefix=J&max-keys=2",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_a_request_is_signed_as_the_reference_signs_it(address: str, mark: str) -> None:
    headers = {"x-amz-content-sha256": hashlib.sha256(b"").hexdigest()}
    request = requests.Request("GET", address, headers=headers).prepare()
    SIGNATURE.sign(request, NOW)
    assert request.headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        f"SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={mark}"
    )


def test_a_secret_is_in_no_picture_of_the_signature() -> None:
    assert SIGNATURE.secret not in repr(SIGNATURE)
