"""A release describes itself from datapackage.json alone: in every catalogue's format, and on a page for people."""

from pipeline.describe.dataset import BASE_URL, Dataset, checked_base_url, read
from pipeline.describe.describe import NOTES, render, write
from pipeline.describe.document import Document, Note

__all__ = ["BASE_URL", "NOTES", "Dataset", "Document", "Note", "checked_base_url", "read", "render", "write"]
