from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import InvalidData
from pipeline.release.version import Step, Version, is_version, parse

VERSIONS = st.builds(Version, *[st.integers(0, 10**6)] * 3)


def test_a_larger_step_sets_the_smaller_parts_to_zero() -> None:
    version = Version(1, 2, 3)
    assert [str(version.after(step)) for step in (Step.PATCH, Step.MINOR, Step.MAJOR)] == ["1.2.4", "1.3.0", "2.0.0"]


@given(VERSIONS)
def test_a_version_that_was_written_is_read_back(version: Version) -> None:
    assert parse(str(version)) == version
    assert is_version(str(version))


@given(VERSIONS, st.sampled_from(Step))
def test_every_step_leads_upwards(version: Version, step: Step) -> None:
    assert version.after(step) > version


def test_versions_are_ordered_as_numbers_not_as_text() -> None:
    assert max(map(parse, ["1.9.0", "1.10.0", "1.2.30"])) == Version(1, 10, 0)


@pytest.mark.parametrize("text", ["1.0", "1.0.0.0", "v1.0.0", "1.0.0-rc1", "1.0.x", "", "01.0.0", "1.0.0\n", "1.٠.0"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidData) as caught:
        parse(text)
    (problem,) = caught.value.problems
    assert (problem.field, problem.value, problem.rule) == ("version", text, "is not a version of three whole numbers")


@pytest.mark.parametrize("name", ["latest", ".latest", "1.0", ".staging-x", "01.0.0", "1.0.0\n"])
def test_what_is_no_version_is_no_release(name: str) -> None:
    """Whatever counts as the folder of a release must also be readable as a version."""
    assert not is_version(name)
