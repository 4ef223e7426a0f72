"""A resource as rows: the layout of its bytes, and the DuckDB relation with its values."""
