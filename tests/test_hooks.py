"""What another package adds by an entry point is found like our own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.projects import put

PLUGIN = """\
from pipeline.hookspecs import hook

@hook
def servicebanken_readers():
    return {"sdmx": "stranger_sdmx", "csv": "stranger_sdmx"}

@hook
def servicebanken_places():
    return {"ipfs": "stranger_sdmx"}
"""
CODE = """
from pipeline.hookspecs import modules
from pipeline.source.readers import names, reader
print("sdmx" in names(), reader("sdmx").RELATIONS, modules("readers")["csv"], modules("places")["ipfs"])
"""


def test_a_reader_and_a_place_of_another_package_are_found(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "stranger.py": PLUGIN,
            "stranger_sdmx.py": "RELATIONS = {'data': ()}\n",
            "stranger-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n",
            "stranger-1.0.dist-info/entry_points.txt": "[servicebanken]\nstranger = stranger\n",
        },
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[1]}"}
    run = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert run.stdout == "True {'data': ()} pipeline.source.readers.csv stranger_sdmx\n", run.stderr
