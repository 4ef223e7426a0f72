"""Signature Version 4 of requests to S3 (AWS reference, "Signature calculations for the authorization header").

The key signs and does not travel: with it are hashed the method, the path, the query, the headers that are sent and the
SHA-256 of the body.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

import requests

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "s3"
BODY = "x-amz-content-sha256"
"""The header that holds the SHA-256 of the body, against which the server checks what arrives."""


@dataclass(frozen=True)
class Signature(requests.auth.AuthBase):
    """Signs a request. As `auth`, because requests prefers what ~/.netrc says to a plain header."""

    key: str
    secret: str = field(repr=False)
    token: str | None = field(repr=False)
    region: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self.sign(request, datetime.now(UTC))
        return request

    def sign(self, request: requests.PreparedRequest, now: datetime) -> None:
        """Puts the signature into the request, which has the header `BODY` already."""
        url = urlsplit(str(request.url))
        request.headers["Host"] = url.netloc
        request.headers["x-amz-date"] = f"{now:%Y%m%dT%H%M%SZ}"
        if self.token:
            request.headers["x-amz-security-token"] = self.token
        signed = {
            name.lower(): " ".join(str(value).split())
            for name, value in request.headers.items()
            if name.lower() == "host" or name.lower().startswith("x-amz-")
        }
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            [
                str(request.method),
                url.path or "/",
                _query(url.query),
                *(f"{name}:{signed[name]}" for name in sorted(signed)),
                "",
                names,
                signed[BODY],
            ]
        )
        scope = f"{now:%Y%m%d}/{self.region}/{SERVICE}/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join([ALGORITHM, request.headers["x-amz-date"], scope, digest])
        mark = self._key(scope, text)
        request.headers["Authorization"] = (
            f"{ALGORITHM} Credential={self.key}/{scope}, SignedHeaders={names}, Signature={mark}"
        )

    def _key(self, scope: str, text: str) -> str:
        made = f"AWS4{self.secret}".encode()
        for part in (*scope.split("/"), text):
            made = hmac.digest(made, part.encode(), "sha256")
        return made.hex()


def _query(query: str) -> str:
    """The query sorted by name, every value encoded anew, as both sides do it."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
