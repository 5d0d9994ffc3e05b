"""The checker of handoffs: good schedules pass, every corruption is rejected with its rule and subject."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import pytest

from routing.handoffs import schedule_handoffs
from routing.handoffs.check import check_handoffs
from routing.handoffs.model import HandoffInput, Handoffs
from tests.conftest import SOAK
from tests.routing.handoffs.corruptions import CORRUPTIONS, Case, Spoiled
from tests.routing.handoffs.inputs import random_input

SCHEDULES = 25


@cache
def good_schedule(seed: int) -> tuple[HandoffInput, Handoffs]:
    given = random_input(seed)
    return given, schedule_handoffs(given, work=0, needs=False)


def reject(corruption: Callable[[Case], Spoiled | None], times: int) -> None:
    """Spoil random schedules so often, and find each time what was spoilt."""
    done = 0
    for attempt in range(100 * times):
        given, good = good_schedule(attempt % SCHEDULES)
        spoiled = corruption(Case(given, good, random.Random(attempt)))
        if spoiled is None:
            continue
        found = {(violation.rule, violation.subject) for violation in check_handoffs(given, spoiled.handoffs)}
        assert any((spoiled.rule, subject) in found for subject in spoiled.subjects), (
            attempt,
            spoiled.rule,
            spoiled.subjects,
            found,
        )
        done += 1
        if done == times:
            return
    pytest.fail(f"only {done} schedules could be spoilt")


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_what_is_scheduled_is_good(seed: int) -> None:
    given, good = good_schedule(seed)
    assert check_handoffs(given, good) == ()


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_corruption_is_rejected(corruption: Callable[[Case], Spoiled | None]) -> None:
    reject(corruption, 5)


@pytest.mark.slow
@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_hundred_of_each_corruption_are_rejected(corruption: Callable[[Case], Spoiled | None]) -> None:
    reject(corruption, 100 * SOAK)
