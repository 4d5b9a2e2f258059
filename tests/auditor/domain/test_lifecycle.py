"""What becomes of findings as their objects are looked at again and again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.difference import Difference
from auditor.domain.finding import (
    Category,
    Outcome,
    Resolution,
    Severity,
    State,
    TrackedFinding,
    Transition,
    TransitionKind,
    Verdict,
)
from auditor.domain.lifecycle import Flapping, advance, calm_at
from tests.doubles import START
from tests.outcomes import clean, drifted, finding, hidden, image, unknown

FLAPPING = Flapping(openings=3, window=timedelta(minutes=1), quiet=timedelta(minutes=2))
LATER = START + timedelta(hours=1)


class Story:
    """Findings under a sequence of looks."""

    def __init__(self) -> None:
        self.known: dict[str, TrackedFinding] = {}
        self.transitions: list[Transition] = []

    def look(self, outcome: Outcome, seconds: float = 0) -> list[TransitionKind]:
        """Take one outcome in, so many seconds after the start; return what is announced."""
        at = START + timedelta(seconds=seconds)
        steps = list(advance(self.known, outcome, at=at, flapping=FLAPPING))
        self.known |= {step.tracked.fingerprint: step.tracked for step in steps}
        moved = [step.transition for step in steps if step.transition]
        self.transitions += moved
        return [transition.kind for transition in moved]

    @property
    def only(self) -> TrackedFinding:
        """The one finding there is."""
        (tracked,) = self.known.values()
        return tracked


@pytest.fixture
def story() -> Story:
    return Story()


def flap(story: Story, times: int, *, every: float = 10) -> float:
    """Let the drift come and go, and come once more; return when it came last."""
    for number in range(times):
        story.look(drifted(), number * 2 * every)
        story.look(clean(), (number * 2 + 1) * every)
    story.look(drifted(), times * 2 * every)
    return times * 2 * every


class TestOpening:
    def test_a_new_finding_opens(self, story: Story) -> None:
        """The first sight of drift is the beginning of the story."""
        assert story.look(drifted()) == [TransitionKind.OPENED]
        assert story.only == TrackedFinding(
            finding=finding(),
            state=State.OPEN,
            first_seen=START,
            last_seen=START,
            openings=(START,),
        )

    def test_a_clean_object_is_no_story(self, story: Story) -> None:
        """Where nothing was wrong and nothing is, nothing happens."""
        assert story.look(clean()) == []
        assert story.known == {}

    def test_every_finding_of_an_object_has_its_own_story(self, story: Story) -> None:
        """One may end while the other goes on."""
        both = (finding(), finding(check="K8S-008", category=Category.INVALID))

        story.look(replace(drifted(), findings=both))

        assert story.look(drifted(), 5) == [TransitionKind.RESOLVED]
        assert [tracked.state for tracked in story.known.values()] == [State.OPEN, State.RESOLVED]


class TestLookingAgain:
    def test_the_same_drift_is_no_news(self, story: Story) -> None:
        """Only the last sighting moves."""
        story.look(drifted())

        assert story.look(drifted(), 60) == []
        assert story.only.last_seen == START + timedelta(minutes=1)
        assert story.only.generation == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"began": LATER},
            {"message": "in other words"},
            {"origin": None},
            {"actual_version": "43"},
            {"differences": (image(time=LATER),)},
        ],
    )
    def test_times_and_words_are_no_news(self, story: Story, change: dict[str, Any]) -> None:
        """A new commit or a new sighting of the same difference does not update a finding."""
        story.look(drifted())

        assert story.look(drifted(**change), 5) == []
        assert story.only.finding == finding(**change)

    @pytest.mark.parametrize(
        "change",
        [
            {"severity": Severity.LOW},
            {"category": Category.LAGGING},
            {"verdict": Verdict.PENDING},
            {"differences": (image("web:2.0"),)},
            {"differences": (image(manager="somebody-else"),)},
            {"differences": ()},
        ],
    )
    def test_another_substance_is_news(self, story: Story, change: dict[str, Any]) -> None:
        """What differs, who wrote it and how bad it is are worth an update."""
        story.look(drifted())

        assert story.look(drifted(**change), 5) == [TransitionKind.UPDATED]
        assert story.only.generation == 2

    def test_the_order_of_differences_is_no_news(self, story: Story) -> None:
        """Comparators may report in any order."""
        other = replace(image(), path=replace(image().path, segments=("spec", "replicas")))
        story.look(drifted(differences=(image(), other)))

        assert story.look(drifted(differences=(other, image())), 5) == []

    def test_not_knowing_changes_nothing(self, story: Story) -> None:
        """An unknown outcome neither resolves nor updates."""
        story.look(drifted())
        before = story.only

        assert story.look(unknown(), 60) == []
        assert story.only == before


class TestResolving:
    @pytest.mark.parametrize(
        ("opened", "outcome", "resolution"),
        [
            (drifted(), clean(actual_version="42"), Resolution.REVERTED),
            (drifted(), clean(actual_version="41", declared=LATER), Resolution.CODIFIED),
            (drifted(), clean(actual_version="42", declared=LATER), Resolution.REVERTED),
            (drifted(), clean(actual_version="41", declared=START), Resolution.REVERTED),
            (drifted(category=Category.LAGGING), clean(), Resolution.APPLIED),
            (drifted(), clean(actual_version="", present=False), Resolution.GONE),
        ],
    )
    def test_the_side_that_moved_tells_how_it_ended(
        self, story: Story, opened: Outcome, outcome: Outcome, resolution: Resolution
    ) -> None:
        """Codified: Git moved and the very same object is right now. Otherwise the cluster moved."""
        story.look(opened)

        assert story.look(outcome, 60) == [TransitionKind.RESOLVED]
        assert story.only.resolution is resolution
        assert story.only.resolved_at == START + timedelta(minutes=1)

    def test_the_version_counts_that_was_seen_last(self, story: Story) -> None:
        """A heartbeat that moved the version before Git moved does not hide a codification."""
        story.look(drifted(actual_version="41"))
        story.look(drifted(actual_version="43"), 30)

        story.look(clean(actual_version="43", declared=START + timedelta(seconds=40)), 41)

        assert story.only.resolution is Resolution.CODIFIED

    def test_a_resolved_finding_stays_resolved(self, story: Story) -> None:
        """A second clean look is no news."""
        story.look(drifted())
        story.look(clean(), 5)

        assert story.look(clean(), 10) == []


class TestComingBack:
    def test_it_keeps_its_first_sighting(self, story: Story) -> None:
        """The story goes on: same beginning, next generation, a new opening."""
        story.look(drifted())
        story.look(clean(), 5)

        assert story.look(drifted(), 100) == [TransitionKind.REOPENED]
        assert story.only.first_seen == START
        assert story.only.opened == START + timedelta(seconds=100)
        assert story.only.generation == 3
        assert story.only.resolved_at is None
        assert story.only.resolution is None


class TestSuppressing:
    @pytest.mark.parametrize("difference", [None, image()])
    def test_a_new_ignore_rule_suppresses(
        self, story: Story, difference: Difference | None
    ) -> None:
        """Hidden drift is not resolved drift."""
        story.look(drifted())

        assert story.look(hidden(difference=difference), 5) == [TransitionKind.SUPPRESSED]
        assert story.only.state is State.SUPPRESSED
        assert story.look(hidden(difference=difference), 6) == []

    def test_what_was_hidden_all_along_suppresses_nothing_else(self, story: Story) -> None:
        """A finding is resolved although another difference of the same check stays hidden."""
        other = replace(image(), path=replace(image().path, segments=("spec", "replicas")))
        story.look(drifted())

        assert story.look(hidden(difference=other), 5) == [TransitionKind.RESOLVED]

    def test_a_rule_that_expires_reopens(self, story: Story) -> None:
        """The drift was there all the time."""
        story.look(drifted())
        story.look(hidden(), 5)

        assert story.look(drifted(), 10) == [TransitionKind.REOPENED]

    def test_hidden_drift_can_end(self, story: Story) -> None:
        """What is reverted while hidden is resolved."""
        story.look(drifted())
        story.look(hidden(), 5)

        assert story.look(clean(), 10) == [TransitionKind.RESOLVED]


class TestContested:
    def test_too_many_openings_make_one_contested_finding(self, story: Story) -> None:
        """The third opening within a minute says that two writers disagree."""
        flap(story, 2)

        assert story.only.finding.category is Category.CONTESTED
        assert "opened 3 times within 40 s" in story.only.finding.message
        assert story.transitions[-1].kind is TransitionKind.REOPENED

    def test_openings_far_apart_are_separate_stories(self, story: Story) -> None:
        """Once an hour is not flapping."""
        flap(story, 5, every=1800)

        assert story.only.finding.category is Category.CHANGED

    def test_further_flips_are_no_news(self, story: Story) -> None:
        """It stays open, whatever the object looks like at the moment."""
        last = flap(story, 2)

        for number in range(1, 20):
            flip = clean() if number % 2 else drifted()
            assert story.look(flip, last + number) == []
        assert story.only.state is State.OPEN

    def test_it_resolves_after_the_quiet_time(self, story: Story) -> None:
        """Two minutes without drift."""
        last = flap(story, 2)
        story.look(clean(), last + 10)

        assert calm_at(story.only, FLAPPING) == START + timedelta(seconds=last + 10 + 120)
        assert story.look(clean(), last + 129) == []
        assert story.look(clean(), last + 130) == [TransitionKind.RESOLVED]

    def test_drift_that_stays_is_ordinary_again(self, story: Story) -> None:
        """One of the two writers has won: that is a finding like any other."""
        last = flap(story, 2)

        assert story.look(drifted(), last + 119) == []
        assert story.look(drifted(), last + 120) == [TransitionKind.UPDATED]
        assert story.only.finding == finding()
        assert calm_at(story.only, FLAPPING) is None

    def test_a_flip_begins_the_quiet_time_anew(self, story: Story) -> None:
        """Calm counts from the last flip."""
        last = flap(story, 2)
        story.look(clean(), last + 10)
        story.look(drifted(), last + 100)

        assert story.look(drifted(), last + 160) == []
        assert calm_at(story.only, FLAPPING) == START + timedelta(seconds=last + 220)

    def test_an_object_that_is_gone_cannot_be_contested(self, story: Story) -> None:
        """Nobody can disagree about it any more."""
        last = flap(story, 2)

        assert story.look(clean(present=False), last + 1) == [TransitionKind.RESOLVED]

    def test_a_rule_can_hide_it(self, story: Story) -> None:
        """A contested field is a usual reason for an ignore rule."""
        last = flap(story, 2)

        assert story.look(hidden(), last + 1) == [TransitionKind.SUPPRESSED]


LOOKS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                drifted(),
                drifted(actual="web:2.0"),
                clean(),
                hidden(),
                unknown(),
                clean(present=False),
            ]
        ),
        st.floats(0.1, 90),
    ),
    max_size=40,
)


def tell(looks: Iterable[tuple[Outcome, float]]) -> Story:
    """Take all looks in, each so many seconds after the one before."""
    story, at = Story(), 0.0
    for outcome, pause in looks:
        at += pause
        story.look(outcome, at)
    return story


@given(LOOKS)
def test_every_transition_has_an_id_of_its_own(looks: list[tuple[Outcome, float]]) -> None:
    """Generations count without gaps, so no two steps of a story can be mistaken for each other."""
    transitions = tell(looks).transitions

    assert [step.tracked.generation for step in transitions] == list(range(1, len(transitions) + 1))
    assert len({step.id for step in transitions}) == len(transitions)


@given(LOOKS)
def test_the_stream_alone_tells_the_state(looks: list[tuple[Outcome, float]]) -> None:
    """Who folds the transitions knows whether the finding is open."""
    story = tell(looks)
    last = story.transitions[-1] if story.transitions else None

    if last is None:
        assert story.known == {}
    else:
        assert last.tracked.state is story.only.state
        assert last.tracked.generation == story.only.generation


@given(LOOKS)
def test_transitions_follow_the_states(looks: list[tuple[Outcome, float]]) -> None:
    """Only what is not open opens, and only what is open is updated or suppressed."""
    state: State | None = None
    for step in tell(looks).transitions:
        allowed: dict[TransitionKind, set[State | None]] = {
            TransitionKind.OPENED: {None},
            TransitionKind.UPDATED: {State.OPEN},
            TransitionKind.SUPPRESSED: {State.OPEN},
            TransitionKind.RESOLVED: {State.OPEN, State.SUPPRESSED},
            TransitionKind.REOPENED: {State.RESOLVED, State.SUPPRESSED},
        }
        assert state in allowed[step.kind]
        state = step.tracked.state


@given(LOOKS)
def test_noise_is_bounded(looks: list[tuple[Outcome, float]]) -> None:
    """Within one window a finding opens no more often than the bound, however the object flips."""
    opened = [
        step.at
        for step in tell(looks).transitions
        if step.kind in {TransitionKind.OPENED, TransitionKind.REOPENED}
        and step.tracked.finding.category is not Category.CONTESTED
    ]
    assert all(_openings_from(opened, start) < FLAPPING.openings for start in opened)


def _openings_from(opened: list[datetime], start: datetime) -> int:
    return sum(start <= at < start + FLAPPING.window for at in opened)


class TestRipening:
    """Something is wrong that is a finding only if it lasts."""

    young = clean(verdict=Verdict.PENDING, ripening=frozenset({"K8S-002"}))

    def test_what_is_open_need_not_ripen_again(self, story: Story) -> None:
        """A tool that tries again and fails again has not recovered in between."""
        story.look(drifted())

        assert story.look(self.young, 5) == []
        assert story.only.state is State.OPEN
        assert story.only.last_seen == START + timedelta(seconds=5)

    def test_what_is_over_ripens_again(self, story: Story) -> None:
        """It is opened by an outcome that has it, and by no other."""
        story.look(drifted())
        story.look(clean(), 5)

        assert story.look(self.young, 6) == []
        assert story.only.state is State.RESOLVED

    def test_an_owner_that_recovers_has_caught_up(self, story: Story) -> None:
        """Neither side moved back to the other."""
        story.look(drifted(category=Category.UNRECONCILED))
        story.look(clean(), 5)

        assert story.only.resolution is Resolution.APPLIED
