"""The use cases: plan a scenario, check a plan. What the command line and the service both call."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from api import schemas
from api.datum_guess import datum_warnings
from api.day_states import day_entry, day_state, state_of_entry
from api.directions import locations_of, plan_directions
from api.plan_documents import PlanWriter, earlier_of, misstatements, plan_of_document, stated_earlier, stated_transfers
from api.plan_restrictions import stranded_warnings
from api.scenarios import scenario_of
from geodata.errors import BadInput, Text
from geodata.network import Network, load_network
from geodata.roads import Roads
from geodata.samples import PREFIX, sample_network
from routing.check import check_plan
from routing.check_day import check_day
from routing.check_drivers import check_drivers
from routing.check_locks import check_locks
from routing.check_roads import check_roads
from routing.check_transfers import check_stated
from routing.day_state import DayState
from routing.drivers import driver_warnings
from routing.echelons import all_visits, apart, has_stations, require_one_stage, together
from routing.errors import PlanRejected
from routing.explain import explain_anew
from routing.ground import Ground
from routing.midday import rest_of_day
from routing.model import Plan, Problem, Scenario, Violation
from routing.pipeline import OnProgress, Planned, Posed, check_stages, in_silence, make_plan, pose
from routing.relax import relax_plan, with_relaxations_of
from routing.retime import as_driven
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
    ground: Ground
    scenario: Scenario

    @property
    def network(self) -> Network:
        return self.ground.network

    def directions(self) -> schemas.DirectionsDocument:
        """The turn list of every leg."""
        classes = {vehicle.id: vehicle.road_class for vehicle in self.scenario.vehicles}
        waves = {order.id: wave for wave, order in enumerate(self.scenario.orders)}

        def roads_of(vehicle: str, order: str) -> Roads:
            return self.ground.roads(classes[vehicle], waves.get(order, 0))

        return plan_directions(self.document, self.network, roads_of, locations_of(self.scenario))


@dataclass(frozen=True, slots=True)
class Effort:
    """How a plan is sought. Without a work limit one is chosen by the problem's size; ``stop`` may end it earlier."""

    stop: base.Stop = field(default_factory=base.Stop)
    seed: int = 0
    solver: str = "pyvrp"


def plan_scenario(  # noqa: PLR0913  keyword-only, each with a default that says nothing
    document: schemas.ScenarioDocument,
    *,
    networks: Networks,
    effort: Effort,
    previous: schemas.PlanDocument | None = None,
    state: schemas.StateDocument | None = None,
    warnings: tuple[Text, ...] = (),
    on_progress: OnProgress = in_silence,
) -> PlanOutcome:
    """A checked plan of a scenario, changing as little as pays of a ``previous`` one.

    With a ``state``, which takes a previous plan, it is the plan of the rest of the day. Raises BadInput, or PlanRejected when no plan that keeps the rules was found.
    """
    network = networks.load(document.network)
    scenario = scenario_after(document, previous)
    _require_from_scratch(scenario, previous, state)
    day = _Day(previous, state)
    planned = make_plan(
        scenario,
        network,
        solver=known_solver(effort.solver),
        stop=effort.stop,
        seed=effort.seed,
        later=day.rest,
        on_progress=on_progress,
    )
    day.require_good(planned.plan)
    warnings = (
        *warnings,
        *datum_warnings(document, planned.ground.unrestricted),
        *driver_warnings(planned.problem.scenario, planned.plan),
        *stranded_warnings(planned.ground),
    )
    writer = PlanWriter(document, planned.problem, network, warnings, day.entry, planned.ground.resolved)
    solver = _solver_entry(effort, planned)
    written = writer.write(planned.plan, solver=solver, reproducible=planned.solution.finished)
    return PlanOutcome(written, planned.ground, planned.problem.scenario)


class _Day:
    """The state of the day, worked out once the problem it speaks of is posed."""

    def __init__(self, previous: schemas.PlanDocument | None, state: schemas.StateDocument | None) -> None:
        if state is not None and previous is None:
            zh, en = "给出当日状态时须同时给出原方案", "a state takes the earlier plan it departs from"
            raise BadInput.one(zh, en, pointer="/previous")
        self._previous = previous
        self._state = state
        self._come_to: tuple[Problem, DayState] | None = None
        self.entry: schemas.DayEntry | None = None

    def rest(self, problem: Problem) -> Problem:
        if self._state is None or self._previous is None:
            return problem
        state = day_state(self._state, problem, self._previous)
        self._come_to = problem, state
        self.entry = day_entry(state)
        return rest_of_day(problem, state)

    def require_good(self, plan: Plan) -> None:
        violations = () if self._come_to is None else check_day(*self._come_to, plan)
        if violations:
            raise PlanRejected(violations)


def scenario_after(document: schemas.ScenarioDocument, previous: schemas.PlanDocument | None) -> Scenario:
    """The scenario, and the earlier plan it starts from. Raises BadInput for a plan that has no site in common."""
    scenario = scenario_of(document)
    if previous is None:
        return scenario
    planned = {stop.site for route in previous.routes for loop in route.loops for stop in loop.stops}
    if planned and planned.isdisjoint(site.place.id for site in scenario.sites):
        zh, en = "原方案与场景没有共同的点位", "the earlier plan and the scenario have no site in common"
        raise BadInput.one(zh, en)
    return replace(scenario, earlier=earlier_of(previous, scenario.epoch))


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
    scenario: schemas.ScenarioDocument,
    plan: schemas.PlanDocument,
    *,
    networks: Networks,
    previous: schemas.PlanDocument | None = None,
) -> tuple[Violation, ...]:
    """Every rule a plan document breaks, judged against its scenario, the roads, and the plan it was made from.

    Without ``previous`` what the document says of that plan is believed.
    """
    network = networks.load(scenario.network)
    given = scenario_after(scenario, previous)
    if previous is None:
        given = replace(given, earlier=stated_earlier(plan, given.epoch))
    posed = pose(given, network)
    if has_stations(given):
        return _check_two_stages(scenario, plan, posed, previous)
    whole, state = posed.problem, None if plan.day is None else state_of_entry(plan.day, posed.problem)
    posed = posed if state is None else replace(posed, problem=rest_of_day(whole, state))
    stated = plan_of_document(plan, posed.problem)
    posed = replace(posed, problem=as_driven(posed.problem, stated))
    found = [*_wrong_input(plan, posed.problem.scenario.fingerprint, network)]
    found += check_plan(posed.problem, stated)
    found += check_roads(posed.ground, posed.problem, stated)
    found += check_drivers(posed.problem.scenario, stated)
    found += check_locks(posed.problem, stated)
    found += [] if state is None else check_day(whole, state, stated)
    warnings = tuple(Text(warning.zh, warning.en) for warning in plan.warnings)
    writer = PlanWriter(scenario, posed.problem, network, warnings, plan.day, posed.ground.resolved)
    true = explain_anew(posed.problem, stated)
    found += [] if found else _unsaid(_due(posed, stated), warnings)
    true = with_relaxations_of(stated, true) if found else relax_plan(posed.problem, true, ground=posed.ground)
    return (*found, *_misstated(writer, plan, true, found))


def _check_two_stages(
    scenario: schemas.ScenarioDocument,
    plan: schemas.PlanDocument,
    posed: Posed,
    previous: schemas.PlanDocument | None,
) -> tuple[Violation, ...]:
    """The same where depots are supplied from others: each stage as a problem of its own, and what lies between."""
    given, network = replace(posed.problem.scenario, earlier=None), posed.ground.network
    _require_from_scratch(given, previous, plan.day)
    wrong = check_stated(given, stated_transfers(plan))
    if wrong:
        return (*_wrong_input(plan, given.fingerprint, network), *wrong)
    posed = replace(posed, problem=all_visits(replace(posed.problem, scenario=given), stated_transfers(plan)))
    stated = plan_of_document(plan, posed.problem)
    posed = replace(posed, problem=as_driven(posed.problem, stated))
    found = [*_wrong_input(plan, given.fingerprint, network), *check_stages(posed, stated)]
    warnings = tuple(Text(warning.zh, warning.en) for warning in plan.warnings)
    found += [] if found else _unsaid(_due(posed, stated), warnings)
    (first, bringing), (second, serving) = apart(posed.problem, stated)
    true = explain_anew(second, serving)
    true = with_relaxations_of(serving, true) if found else relax_plan(second, true, ground=posed.ground)
    true = together(explain_anew(first, bringing), true, stated.transfers)
    writer = PlanWriter(scenario, posed.problem, network, warnings, resolved=posed.ground.resolved)
    return (*found, *_misstated(writer, plan, true, found))


def _misstated(
    writer: PlanWriter, plan: schemas.PlanDocument, true: Plan, found: Collection[Violation]
) -> list[Violation]:
    """What a document states otherwise than follows from the rest of it, and is not among the violations yet."""
    rebuilt = writer.write(true, solver=plan.solver, reproducible=plan.summary.reproducible)
    rebuilt = rebuilt.model_copy(update={"state": plan.state, "version": plan.version})
    told = {violation.subject for violation in found}
    return [wrong for wrong in misstatements(plan, rebuilt) if wrong.subject.rpartition("/")[2] not in told]


def _require_from_scratch(scenario: Scenario, previous: object, day: object) -> None:
    """Two stages are planned for the whole day and not from an earlier plan. Raises BadInput."""
    if day is not None:
        require_one_stage(scenario, Text("日中重排", "planning the rest of a day"))
    if previous is not None:
        require_one_stage(scenario, Text("在原方案上修改", "starting from an earlier plan"))


def _due(posed: Posed, stated: Plan) -> tuple[Text, ...]:
    """Warnings that a plan has to give: of routes without a driver, and of vehicles that restrictions keep from all sites."""
    return (*driver_warnings(posed.problem.scenario, stated), *stranded_warnings(posed.ground))


def _unsaid(due: Collection[Text], said: Collection[Text]) -> list[Violation]:
    """Those of which the plan does not speak."""
    return [Violation("TOTALS", text, subject="warnings") for text in due if text not in said]


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
