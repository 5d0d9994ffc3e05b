"""Reasons in random tight problems with every rule, and what would have helped, verified in other ways than they were found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from routing.check import check_plan
from routing.check_locks import check_locks
from routing.explain import explain_plan
from routing.model import DispatchOrder, Plan, Problem, Reason, ReasonCode, Stop, Unserved
from routing.remedies import A_LONGER_SEARCH
from tests.conftest import SOAK
from tests.routing import small
from tests.routing.enumerate_loops import random_problem
from tests.routing.tight import solved, tight
from tests.routing.verify_reasons import EFFORTS, UNTRIED, Finding, verify

PROBLEMS = 200
FAST, SLOW = 2, 30
"""So many of them in the two parts of the suite; ``make soak`` goes through all."""


def verified(seed: int) -> list[Finding]:
    case = tight(seed)
    assert check_plan(case.problem, case.plan) == ()
    assert check_locks(case.problem, case.plan) == ()
    return list(verify(case.problem, case.plan))


def require_all_hold(seeds: range, capsys: pytest.CaptureFixture[str]) -> list[Finding]:
    findings = {seed: verified(seed) for seed in seeds}
    every = [finding for those in findings.values() for finding in those]
    with capsys.disabled():
        print(f"\n{len(findings)} of {PROBLEMS} problems: {len(every)} reasons {counted(f.code for f in every)},")
        print(f"of which told what would help: {counted(f.relief for f in every if f.relief not in {None, *UNTRIED})}")
    assert {seed: false for seed, those in findings.items() if (false := [f for f in those if not f.holds])} == {}
    return every


def counted(those: Iterable[object]) -> dict[str, int]:
    return dict(sorted(Counter(str(each) for each in those).items()))


def test_reasons_hold_and_what_is_said_to_help_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert require_all_hold(range(FAST), capsys)


@pytest.mark.slow
def test_more_reasons_hold(capsys: pytest.CaptureFixture[str]) -> None:
    every = require_all_hold(range(FAST, min(PROBLEMS, FAST + SLOW * SOAK)), capsys)
    assert {finding.code for finding in every} == set(ReasonCode)


# --- that the verification would notice -------------------------------------------------------------------------


def forged(plan: Plan, **members: object) -> Plan:
    """The plan with these members in every reason."""

    def changed(reason: Reason | None) -> Reason | None:
        return None if reason is None else replace(reason, **members)  # type: ignore[arg-type]

    def stop_changed(stop: Stop) -> Stop:
        return replace(stop, reason=changed(stop.reason))

    def left_changed(left: Unserved) -> Unserved:
        return replace(left, reason=changed(left.reason))

    routes = tuple(
        replace(
            route,
            loops=tuple(replace(loop, stops=tuple(map(stop_changed, loop.stops))) for loop in route.loops),
        )
        for route in plan.routes
    )
    return replace(plan, routes=routes, unserved=tuple(map(left_changed, plan.unserved)))


@pytest.mark.parametrize("code", ReasonCode)
def test_a_false_reason_would_be_noticed(code: ReasonCode) -> None:
    case = tight(4)
    told = verify(case.problem, forged(case.plan, code=code, relaxation=None))
    assert [finding.holds for finding in told] == [
        finding.code is code for finding in verify(case.problem, forged(case.plan, relaxation=None))
    ]


def test_help_that_is_none_would_be_noticed() -> None:
    """Half an hour away, with a target of ten minutes: no longer search would do."""
    given = small.scenario([small.site("A")], orders=(DispatchOrder("w1", 0, target_s=600),))
    problem = small.line_problem(given, A=30)
    plan = explained(problem)
    (true,) = verify(problem, plan)
    (false,) = verify(problem, forged(plan, relaxation=A_LONGER_SEARCH), efforts=EFFORTS[:1])
    assert (true.holds, false.code, false.found, false.helps) == (True, ReasonCode.TOO_FAR, ReasonCode.TOO_FAR, False)


# --- larger plans -----------------------------------------------------------------------------------------------


def explained(problem: Problem) -> Plan:
    return explain_plan(problem, solved(problem))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4 * SOAK))
def test_plans_of_thirty_to_sixty_visits_under_all_rules_pass_the_checker(seed: int) -> None:
    problem = random_problem(seed, visits=30 + 3 * seed, bays=seed % 2 == 0)
    assert check_plan(problem, explained(problem)) == ()
