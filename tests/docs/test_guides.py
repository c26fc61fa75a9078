"""Every story that a guide tells comes true, line by line."""

import re
from pathlib import Path

import pytest

from tests.docs.story import Story

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guides"
STORY = re.compile(r"^```story\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def stories() -> list[object]:
    """Each story of each guide, named by the guide and its line."""
    return [
        pytest.param(found[1].splitlines(), id=f"{guide.stem}-{text.count(chr(10), 0, found.start()) + 1}")
        for guide in sorted(GUIDES.glob("*.md"))
        for text in [guide.read_text()]
        for found in STORY.finditer(text)
    ]


@pytest.mark.parametrize("lines", stories())
def test_a_story_of_a_guide_comes_true(lines: list[str]) -> None:
    story = Story()
    for line in lines:
        story.tell(line)


def test_the_guide_to_holds_tells_stories() -> None:
    assert (GUIDES / "holds.md").read_text().count("```story") > 1


def test_a_story_that_is_not_true_or_means_nothing_fails() -> None:
    story = Story()
    story.tell("film holds Ada on 2027-03-01 as A")
    with pytest.raises(AssertionError):
        story.tell("A is 2nd")
    with pytest.raises(AssertionError):
        story.tell("spot holds Ada on 2027-03-01 as B — warned: same_project")
    with pytest.raises(AssertionError, match="nobody knows"):
        story.tell("A dances")
