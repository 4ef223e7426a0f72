"""Whether a release is what it was made as: every byte, every rule, every row in every format."""

from pipeline.verify.result import Check, Found, Verified
from pipeline.verify.verify import Further, Judge, Look, verify

__all__ = ["Check", "Found", "Further", "Judge", "Look", "Verified", "verify"]
