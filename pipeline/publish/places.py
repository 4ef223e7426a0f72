"""The buckets that a release can be published to, by scheme. Folders and Zenodo are known by other marks."""

from __future__ import annotations

from pipeline.hookspecs import hook


@hook
def servicebanken_places() -> dict[str, str]:
    return dict.fromkeys(("s3", "gs", "az"), "pipeline.publish.bucket")
