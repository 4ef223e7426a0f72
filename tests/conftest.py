"""What tests share: projects, built once and copied for each test; a browser."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

from tests.command import DAY, servicebanken
from tests.projects import example, services

settings.register_profile(
    "here",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not {"FUZZ_EXAMPLES", "PAIRS"} & {*os.environ},
)
settings.load_profile("here")
"""Generated input is the same every time, so that a change is judged by what it changes. With FUZZ_EXAMPLES=1000, or
PAIRS=50000, it is drawn anew."""

SLOW = (
    "serve",
    "publish",
    "collect",
    "verify",
    "clock",
    "dataset",
    "describe/page",
    "init",
    "describe/test_validators",
    "readers/test_damaged",
    "release/test_diff",
    "release/test_hostile_packages",
    "release/test_meaning",
    "release/test_members",
    "release/test_strangers",
    "spark",
    "validate/test_extremes",
    "validate/test_hostile",
    "validate/test_same_report",
    "test_bad_input",
    "test_build",
    "test_cli",
    "test_clones",
    "test_hooks",
    "test_http",
    "test_killed",
    "test_rebuild",
    "test_releases",
    "test_robustness",
    "test_somebody",
    "test_surroundings",
)
"""Where tests use browsers, servers, other validators, killed processes, whole builds or hundreds of strange packages:
`make test-quick` leaves them out."""


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a third of the time tests wait for servers, browsers and kills."""
    return (os.cpu_count() or 1) + 1


FIRST = ("release/test_strangers", "validate/test_spark")
"""Files that take minutes: begun last, one process would wait for the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `slow` what a person who changes a line need not wait for, and begin with what takes longest."""
    here = Path(__file__).parent
    items.sort(key=lambda item: not item.path.relative_to(here).as_posix().startswith(FIRST))
    for item in items:
        if item.path.relative_to(here).as_posix().startswith(SLOW) or "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


# What a shell runs in the background ignores Ctrl-C, with all that it starts; the commands of these tests must not.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def built_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of `servicebanken init`, built: to be read, not changed."""
    folder = example(tmp_path_factory.mktemp("example") / "project")
    run = servicebanken("release", "--project", folder, env=DAY)
    assert run.code == 0, run.err
    return folder


@pytest.fixture
def built(built_example: Path, tmp_path: Path) -> Path:
    """A built project of the test's own."""
    return Path(shutil.copytree(built_example, tmp_path / "project", symlinks=True))


@pytest.fixture(scope="session")
def services_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release of the `services` project: to be read, not changed."""
    folder = services(tmp_path_factory.mktemp("services") / "project").root
    run = servicebanken("release", "--project", folder, env=DAY)
    assert run.code == 0, run.err
    return folder / "build/releases/1.0.0"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that reaches for nothing by itself. For a module only: while it runs, asyncio cannot."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()
