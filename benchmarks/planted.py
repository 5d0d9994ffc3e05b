"""How much of problems known to be solvable is served in time: problems made from a plan, three depots, every rule.

    python -m benchmarks.planted             # 300 problems, hours; goes on where it stopped
    python -m benchmarks.planted --most 60   # the first sixty; results to benchmarks/results/planted.{json,md}

Sizes go round from 20 to 200 visits, slack from none to thirty per cent. Every plan is checked.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import RESULTS, machine
from routing.check import check_plan
from routing.evaluate import plan_of
from routing.explain import explain_plan
from routing.model import Plan, ReasonCode
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing.planted import planted

PROBLEMS = 300
SIZES = (20, 40, 80, 120, 200)
SLACKS = (0.0, 0.1, 0.2, 0.3)
ITERATIONS = 2_000
BESIDE_THE_OTHERS = (ReasonCode.NO_CAPACITY_LEFT, ReasonCode.NO_STOCK)
HEAD = (
    "slack",
    "visits",
    "problems",
    "visits in time",
    "problems wholly in time",
    "called impossible",
    "violations",
    "cost against the planted plan's, where all is in time",
    "seconds, longest",
)
STORED = RESULTS / "planted.json"
TOLD = RESULTS / "planted.md"


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    visits: int
    slack: float
    served_in_time: int
    served_late: int
    unserved: int
    called_impossible: int
    violations: int
    cost_s: int
    planted_cost_s: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=PROBLEMS)
    most = parser.parse_args(arguments).most
    done = _stored(STORED)
    for seed in range(most):
        if seed not in done:
            done[seed] = outcome(seed)
            _store(list(done.values()))


def outcome(seed: int) -> Outcome:
    visits, slack = SIZES[seed % len(SIZES)], SLACKS[seed % len(SLACKS)]
    case = planted(seed, visits=visits, slack=slack)
    problem, began = case.problem, time.monotonic()
    stop = Stop(iterations=ITERATIONS)
    solution = known_solver("pyvrp").solve(problem, stop=stop, seed=0, on_improvement=lambda _: None)
    seconds = time.monotonic() - began
    plan = explain_plan(problem, plan_of(problem, solution))
    summary = plan.summary
    return Outcome(
        seed=seed,
        visits=visits,
        slack=slack,
        served_in_time=summary.served_in_time,
        served_late=summary.served_late,
        unserved=summary.unserved,
        called_impossible=_called_impossible(plan),
        violations=len(check_plan(problem, plan)),
        cost_s=summary.objective.cost_s,
        planted_cost_s=plan_of(problem, case.solution).summary.objective.cost_s,
        seconds=round(seconds, 1),
    )


def _called_impossible(plan: Plan) -> int:
    """Visits said to be out of reach for another reason than that the others leave too little; the planted plan has them."""
    reasons = [stop.reason for stop in plan.stops()] + [left.reason for left in plan.unserved]
    return sum(reason is not None and reason.code not in BESIDE_THE_OTHERS for reason in reasons)


def _stored(path: Path) -> dict[int, Outcome]:
    """What was found with the same work limit."""
    document = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if document.get("iterations") != ITERATIONS:
        return {}
    return {entry["seed"]: Outcome(**entry) for entry in document["outcomes"]}


def _store(outcomes: list[Outcome]) -> None:
    document = {"machine": machine(), "iterations": ITERATIONS, "outcomes": [asdict(each) for each in outcomes]}
    STORED.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    TOLD.write_text("\n".join(_told(outcomes)) + "\n", "utf-8")


def _told(outcomes: list[Outcome]) -> Iterator[str]:
    yield "# Planted problems"
    yield ""
    yield f"{len(outcomes)} problems made from a plan that serves everything in time, {ITERATIONS} iterations each."
    yield f"{machine()}."
    yield ""
    yield f"| {' | '.join(HEAD)} |"
    yield f"|{'---|' * len(HEAD)}"
    for slack in SLACKS:
        for visits in SIZES:
            yield from _row(slack, visits, [each for each in outcomes if (each.slack, each.visits) == (slack, visits)])
        yield from _row(slack, None, [each for each in outcomes if each.slack == slack])
    yield from _row(None, None, outcomes)


def _row(slack: float | None, visits: int | None, those: list[Outcome]) -> Iterator[str]:
    """One line, if there is anything to tell; None stands for all of them together."""
    if not those:
        return
    whole = [each for each in those if each.served_in_time == each.visits]
    cells = [
        "all" if slack is None else f"{slack:.0%}",
        visits or "all",
        len(those),
        f"{sum(each.served_in_time for each in those) / sum(each.visits for each in those):.1%}",
        len(whole),
        sum(each.called_impossible for each in those),
        sum(each.violations for each in those),
        f"{sum(each.cost_s for each in whole) / sum(each.planted_cost_s for each in whole):.0%}" if whole else "-",
        max(each.seconds for each in those),
    ]
    yield f"| {' | '.join(str(cell) for cell in cells)} |"


if __name__ == "__main__":
    main()
