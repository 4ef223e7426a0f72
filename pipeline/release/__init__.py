"""A valid package in, a release out: every format, its checksums, what changed, made visible by one rename."""

from pipeline.release.proposal import Proposal, latest, propose
from pipeline.release.record import Record
from pipeline.release.release import Released, release

__all__ = ["Proposal", "Record", "Released", "latest", "propose", "release"]
