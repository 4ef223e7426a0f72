"""The commands, a file each. Each is thin: it reads its options, calls its stage, and prints what came of it.

Heavy imports stand inside the commands, so that `--help` answers at once.
"""

from pipeline.cli import (
    assemble,
    build,
    cite,
    collect,
    describe,
    diff,
    doctor,
    init,
    publish,
    release,
    releases,
    serve,
    sources,
    validate,
    verify,
)
from pipeline.cli.session import main

__all__ = [
    "assemble",
    "build",
    "cite",
    "collect",
    "describe",
    "diff",
    "doctor",
    "init",
    "main",
    "publish",
    "release",
    "releases",
    "serve",
    "sources",
    "validate",
    "verify",
]
