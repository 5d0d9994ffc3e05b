"""The use cases: plan a scenario, check a plan. What the command line and the service both call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from api import schemas
from api.datum_guess import datum_warnings
from api.plan_documents import PlanWriter, misstatements, plan_of_document
from api.scenarios import scenario_of
from geodata.errors import BadInput, Text
from geodata.network import Network, load_network
from geodata.samples import PREFIX, sample_network
from routing.check import check_plan
from routing.check_roads import check_roads
from routing.explain import explain_anew
from routing.model import Violation
from routing.pipeline import OnProgress, Planned, in_silence, make_plan, pose
from routing.solvers import base, known_solver

NETWORK_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
NETWORK_SUFFIX = ".bgn"


@dataclass(frozen=True, slots=True)
class Networks:
    """Where a scenario's ``network`` is looked up. ``by_path``: relative to the folder; else a bare name in it."""

    folder: Path
    by_path: bool = False

    def find(self, name: str) -> Path:
        path = sample_network(name) if name.startswith(PREFIX) else self._in_folder(name)
        if path is None or not path.is_file():
            raise BadInput.one(f"找不到路网“{name}”", f"there is no network {name!r}", pointer="/network")
        return path

    def _in_folder(self, name: str) -> Path | None:
        if self.by_path:
            return self.folder / name
        return self.folder / f"{name}{NETWORK_SUFFIX}" if NETWORK_NAME.fullmatch(name) else None

    def load(self, name: str) -> Network:
        path = self.find(name)
        return _load(path.resolve(), path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, changed_ns: int) -> Network:  # noqa: ARG001  a changed file is another file
    return load_network(path)


@dataclass(frozen=True, slots=True, eq=False)
class PlanOutcome:
    document: schemas.PlanDocument
    network: Network


@dataclass(frozen=True, slots=True)
class Effort:
    """How a plan is sought. Without a work limit one is chosen by the problem's size; ``stop`` may end it earlier."""

    stop: base.Stop = field(default_factory=base.Stop)
    seed: int = 0
    solver: str = "pyvrp"


def plan_scenario(
    document: schemas.ScenarioDocument,
    *,
    networks: Networks,
    effort: Effort,
    warnings: tuple[Text, ...] = (),
    on_progress: OnProgress = in_silence,
) -> PlanOutcome:
    """A checked plan of a scenario. Raises BadInput, or PlanRejected when no plan that keeps the rules was found."""
    network = networks.load(document.network)
    scenario = scenario_of(document)
    planned = make_plan(
        scenario,
        network,
        solver=known_solver(effort.solver),
        stop=effort.stop,
        seed=effort.seed,
        on_progress=on_progress,
    )
    warnings = (*warnings, *datum_warnings(document, planned.roads))
    writer = PlanWriter(document, planned.problem, network, warnings)
    solver = _solver_entry(effort, planned)
    return PlanOutcome(writer.write(planned.plan, solver=solver, reproducible=planned.solution.finished), network)


def _solver_entry(effort: Effort, planned: Planned) -> schemas.SolverEntry:
    engine = known_solver(effort.solver)
    return schemas.SolverEntry(
        engine=engine.name,
        engine_version=engine.version,
        seed=effort.seed,
        iterations=planned.solution.work_limit,
        seconds=effort.stop.seconds,
    )


def check_document(
    scenario: schemas.ScenarioDocument, plan: schemas.PlanDocument, *, networks: Networks
) -> tuple[Violation, ...]:
    """Every rule a plan document breaks, judged against its scenario and the roads."""
    network = networks.load(scenario.network)
    posed = pose(scenario_of(scenario), network)
    stated = plan_of_document(plan, posed.problem)
    found = [*_wrong_input(plan, posed.problem.scenario.fingerprint, network)]
    found += check_plan(posed.problem, stated)
    found += check_roads(posed.roads, posed.problem, stated)
    warnings = tuple(Text(warning.zh, warning.en) for warning in plan.warnings)
    writer = PlanWriter(scenario, posed.problem, network, warnings)
    true = explain_anew(posed.problem, stated)
    rebuilt = writer.write(true, solver=plan.solver, reproducible=plan.summary.reproducible)
    rebuilt = rebuilt.model_copy(update={"state": plan.state, "version": plan.version})
    told: Mapping[str, object] = {violation.subject: None for violation in found}
    found += [wrong for wrong in misstatements(plan, rebuilt) if wrong.subject.rpartition("/")[2] not in told]
    return tuple(found)


def _wrong_input(plan: schemas.PlanDocument, fingerprint: str, network: Network) -> list[Violation]:
    """A plan of another scenario or network cannot be judged by this one."""
    found = []
    if plan.scenario.fingerprint != fingerprint:
        text = Text("方案不是由这份场景生成的", "the plan was made for another scenario, or the scenario has changed")
        found.append(Violation("DEMAND", text, subject="fingerprint"))
    if plan.network.fingerprint != network.fingerprint:
        text = Text("方案不是在这份路网上生成的", "the plan was made on another network")
        found.append(Violation("ROAD", text, subject="network"))
    return found
