"""Whether the reasons of plans, and what they say would have helped, are so: random tight problems, verified otherwise.

    python -m benchmarks.reasons             # 200 problems, some minutes; goes on where it stopped
    python -m benchmarks.reasons --most 20   # the first twenty; results to benchmarks/results/reasons.{json,md}

How each is verified: tests/routing/verify_reasons.py. Then the time it takes to say what would help some fifty visits,
in the embedded example with half its vehicles.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from api.example import example_scenario
from api.scenarios import scenario_of
from benchmarks.machine import RESULTS, machine
from geodata.network import load_network
from geodata.samples import FOLDER
from routing.check import check_plan
from routing.check_locks import check_locks
from routing.evaluate import plan_of
from routing.explain import explain_plan
from routing.model import ReasonCode, Relief
from routing.pipeline import pose
from routing.relax import relax_plan
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing.tight import tight
from tests.routing.verify_reasons import UNTRIED, Finding, verify

PROBLEMS = 200
MOST_S = 60
"""Per problem. A search that has not ended by then is stopped from outside, and nothing is said of its plan."""

STORED = RESULTS / "reasons.json"
TOLD = RESULTS / "reasons.md"


@dataclass(frozen=True, slots=True)
class Said:
    """Of one late or unserved visit: what was said, and whether it is so."""

    code: str
    code_holds: bool
    relief: str
    helps: bool

    @classmethod
    def of(cls, finding: Finding) -> Said:
        relief = "" if finding.relief is None else finding.relief.value
        return cls(finding.code.value, finding.code is finding.found, relief, finding.helps)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``ended`` False: the engine did not come back in time."""

    seed: int
    visits: int
    violations: int
    said: tuple[Said, ...]
    seconds: float
    ended: bool = True


@dataclass(frozen=True, slots=True)
class Fifty:
    """Late or unserved visits of the example, and the time to say what would help them."""

    after_target: str
    visits: int
    told: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=PROBLEMS)
    most = parser.parse_args(arguments).most
    done = _stored()
    for seed in range(most):
        if seed not in done:
            done[seed] = _within_limit(seed)
            _store(list(done.values()), [])
    _store(list(done.values()), [fifty("deliver_late"), fifty("leave_out")])


def _within_limit(seed: int) -> Outcome:
    with multiprocessing.Pool(1) as pool:  # leaving it ends the process
        try:
            return pool.apply_async(outcome, (seed,)).get(MOST_S)
        except multiprocessing.TimeoutError:
            return Outcome(seed, 0, 0, (), MOST_S, ended=False)


def outcome(seed: int) -> Outcome:
    began = time.monotonic()
    case = tight(seed)
    violations = check_plan(case.problem, case.plan) + check_locks(case.problem, case.plan)
    said = tuple(Said.of(finding) for finding in verify(case.problem, case.plan))
    return Outcome(seed, len(case.problem.visits), len(violations), said, round(time.monotonic() - began, 2))


def fifty(after_target: Literal["deliver_late", "leave_out"]) -> Fifty:
    scenario = scenario_of(example_scenario())
    policy = replace(scenario.policy, after_target=after_target)
    halved = replace(scenario, vehicles=scenario.vehicles[::2], policy=policy)
    problem = pose(halved, load_network(FOLDER / "coquimbo.bgn")).problem
    stop = Stop(iterations=50)
    solution = known_solver("pyvrp").solve(problem, stop=stop, seed=0, on_improvement=lambda _: None)
    plan = explain_plan(problem, plan_of(problem, solution))
    began = time.process_time()
    relaxed = relax_plan(problem, plan)
    seconds = round(time.process_time() - began, 2)
    reasons = [stop.reason for stop in relaxed.stops()] + [left.reason for left in relaxed.unserved]
    relaxations = [reason.relaxation for reason in reasons if reason is not None]
    told = sum(1 for each in relaxations if each is not None and each.relief not in UNTRIED)
    return Fifty(after_target, len(relaxations), told, seconds)


def _stored() -> dict[int, Outcome]:
    if not STORED.exists():
        return {}
    entries = json.loads(STORED.read_text("utf-8"))["outcomes"]
    read = (Outcome(**(entry | {"said": tuple(Said(**each) for each in entry["said"])})) for entry in entries)
    return {each.seed: each for each in read}


def _store(outcomes: list[Outcome], fifties: list[Fifty]) -> None:
    document = {
        "machine": machine(),
        "fifty": [asdict(each) for each in fifties],
        "outcomes": [asdict(each) for each in outcomes],
    }
    STORED.write_text(json.dumps(document, ensure_ascii=False) + "\n", "utf-8")
    TOLD.write_text("\n".join(_told(outcomes, fifties)) + "\n", "utf-8")


def _told(outcomes: list[Outcome], fifties: list[Fifty]) -> Iterator[str]:
    ended = [each for each in outcomes if each.ended]
    said = [each for outcome in ended for each in outcome.said]
    yield "# Reasons, and what would have helped"
    yield ""
    yield f"{len(ended)} random tight problems, {sum(each.visits for each in outcomes)} visits, {len(said)} of them late"
    yield f"or unserved; {sum(each.violations for each in outcomes)} violations, longest {_longest_s(ended)} s."
    yield f"{sum(not each.ended for each in outcomes)} more had no plan within {MOST_S} s. {machine()}."
    yield ""
    yield "| reason | given | verified |"
    yield "|---|---|---|"
    given, held = (Counter(each.code for each in said if each.code_holds or not only) for only in (False, True))
    for code in ReasonCode:
        yield f"| {code.value} | {given[code.value]} | {held[code.value]} |"
    yield f"| all | {given.total()} | {held.total()} |"
    yield ""
    yield "| what would have helped | said | verified by solving again |"
    yield "|---|---|---|"
    given, held = (Counter(each.relief for each in said if each.helps or not only) for only in (False, True))
    for relief in (each for each in Relief if each not in UNTRIED):
        yield f"| {relief.value} | {given[relief.value]} | {held[relief.value]} |"
    yield f"| {Relief.NONE_FOUND.value} | {given[Relief.NONE_FOUND.value]} | |"
    yield f"| {Relief.NOT_TRIED.value} | {given[Relief.NOT_TRIED.value]} | |"
    yield f"| nothing is tried against the reason | {given['']} | |"
    for each in fifties:
        yield ""
        yield f"The example with half its vehicles, `{each.after_target}`: {each.visits} visits, {each.told} of them told"
        yield f"what would help, in {each.seconds} s."


def _longest_s(outcomes: list[Outcome]) -> float:
    return max((each.seconds for each in outcomes), default=0.0)


if __name__ == "__main__":
    main()
