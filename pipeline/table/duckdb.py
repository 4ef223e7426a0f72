"""DuckDB as the pipeline uses it: what there is of it stands here, and nothing else imports it."""

from duckdb import (
    ConversionException,
    DuckDBPyConnection,
    Error,
    InvalidInputException,
    IOException,
    NotImplementedException,
    OutOfMemoryException,
    __version__,
    connect,
)

__all__ = [
    "ConversionException",
    "DuckDBPyConnection",
    "Error",
    "IOException",
    "InvalidInputException",
    "NotImplementedException",
    "OutOfMemoryException",
    "__version__",
    "connect",
]
