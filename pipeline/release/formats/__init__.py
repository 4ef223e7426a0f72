"""The formats of a release, one module each: `write(contents, folder)` leaves its files in a folder.

`contents` (`formats.contents.Contents`) has the package and its typed tables as DuckDB relations, sorted by key. What
is returned, if anything, are sentences for the person who waits. Each gives the same bytes for the same tables,
whatever the time, the folder and the number of cores.
"""

from pipeline.hookspecs import hook


@hook
def servicebanken_formats() -> dict[str, str]:
    return {name: f"{__name__}.{name}" for name in ("parquet", "geojson", "xlsx", "sqlite")}
