"""Texts as XML can hold them (XML 1.0, section 2.2)."""

from __future__ import annotations

import re

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


def xml_text(text: str) -> str:
    """A text with the sign for what cannot be shown in the place of what XML cannot hold; not escaped."""
    return NOT_IN_XML.sub("\ufffd", text)
