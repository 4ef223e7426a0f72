"""A release goes where people get it: a folder, a bucket, Zenodo. Sent, read back, compared, and only then visible."""

from pipeline.core.patience import Patience
from pipeline.publish.listing import listed
from pipeline.publish.place import Published
from pipeline.publish.pointer import Pointer, Version
from pipeline.publish.publish import publish, published

__all__ = ["Patience", "Pointer", "Published", "Version", "listed", "publish", "published"]
