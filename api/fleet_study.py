"""The use case of fleets: how many vehicles a scenario takes, as a document."""

from __future__ import annotations

from dataclasses import replace

from api import schemas
from api.scenarios import scenario_of
from api.service import Effort, Networks
from api.study_entries import network_entry, scenario_reference, solver_entry, warning_entries
from geodata.errors import Text
from routing.fleet import DEFAULT_ITERATIONS, FleetPoint, OnFleet, in_silence, study_fleet
from routing.solvers import known_solver


def study_document(
    document: schemas.ScenarioDocument,
    *,
    networks: Networks,
    effort: Effort,
    warnings: tuple[Text, ...] = (),
    on_fleet: OnFleet = in_silence,
) -> schemas.FleetDocument:
    """Fleets of other sizes, each with a checked plan. Raises BadInput, or PlanRejected when a plan broke a rule."""
    network = networks.load(document.network)
    iterations = effort.stop.iterations or DEFAULT_ITERATIONS
    study = study_fleet(
        scenario_of(document),
        network,
        solver=known_solver(effort.solver),
        stop=replace(effort.stop, iterations=iterations),
        seed=effort.seed,
        on_fleet=on_fleet,
    )
    return schemas.FleetDocument(
        scenario=scenario_reference(study.problem.scenario),
        network=network_entry(network),
        solver=solver_entry(effort, iterations),
        visits=len(study.problem.visits) + len(study.problem.dismissed),
        reachable=study.reachable,
        given=study.given,
        enough=study.enough,
        finished=study.finished,
        points=tuple(_point(point) for point in study.points),
        warnings=warning_entries(warnings),
    )


def _point(point: FleetPoint) -> schemas.FleetPointEntry:
    summary = point.plan.summary
    load = summary.load
    return schemas.FleetPointEntry(
        vehicles=point.vehicles,
        parts=tuple(schemas.FleetPartEntry(**part._asdict()) for part in point.parts),
        vehicles_used=summary.vehicles_used,
        served_in_time=summary.served_in_time,
        missed=point.missed,
        latest_start_s=summary.latest_start_s,
        travel_s=summary.travel_s,
        length_m=summary.length_m,
        load=schemas.LoadEntry(kg=load.grams / 1_000, m3=load.cm3 / 1e6, crates=load.crates),
        check="passed",
    )
