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
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing.planted import planted

PROBLEMS = 300
SIZES = (20, 40, 80, 120, 200)
SLACKS = (0.0, 0.1, 0.2, 0.3)
ITERATIONS = 1_000
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
        violations=len(check_plan(problem, plan)),
        cost_s=summary.objective.cost_s,
        planted_cost_s=plan_of(problem, case.solution).summary.objective.cost_s,
        seconds=round(seconds, 1),
    )


def _stored(path: Path) -> dict[int, Outcome]:
    if not path.exists():
        return {}
    return {entry["seed"]: Outcome(**entry) for entry in json.loads(path.read_text("utf-8"))["outcomes"]}


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
    yield "| slack | problems | visits in time | problems wholly in time | violations | seconds, longest |"
    yield "|---|---|---|---|---|---|"
    for slack in SLACKS:
        those = [each for each in outcomes if each.slack == slack]
        if those:
            yield _row(f"{slack:.0%}", those)
    yield _row("all", outcomes)


def _row(name: str, those: list[Outcome]) -> str:
    share = sum(each.served_in_time for each in those) / sum(each.visits for each in those)
    whole = sum(each.served_in_time == each.visits for each in those)
    broken, longest_s = sum(each.violations for each in those), max(each.seconds for each in those)
    return f"| {name} | {len(those)} | {share:.1%} | {whole} | {broken} | {longest_s} |"


if __name__ == "__main__":
    main()
