"""A valid package in, a release out: every format, its checksums, what changed, made visible by one rename."""

from pipeline.release.release import Released, latest, release

__all__ = ["Released", "latest", "release"]
