"""Projects that tests share: built once, copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.command import servicebanken
from tests.projects import example, services

settings.register_profile("here", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


@pytest.fixture(scope="session")
def built_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of `servicebanken init`, built: to be read, not changed."""
    folder = example(tmp_path_factory.mktemp("example") / "project")
    run = servicebanken("build", "--project", folder)
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
    run = servicebanken("build", "--project", folder)
    assert run.code == 0, run.err
    return folder / "build/releases/1.0.0"
