"""The use case of fleets: how many vehicles a scenario takes, as a document."""

from __future__ import annotations

from dataclasses import replace

from api import schemas
from api.scenarios import scenario_of
from api.service import Effort, Networks
from geodata.errors import Text
from geodata.network import Network
from routing.fleet import DEFAULT_ITERATIONS, FleetPoint, FleetStudy, OnFleet, in_silence, study_fleet
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
        scenario=_scenario(study),
        network=_roads(network),
        solver=_solver(effort, iterations),
        visits=len(study.problem.visits) + len(study.problem.dismissed),
        reachable=study.reachable,
        given=study.given,
        enough=study.enough,
        finished=study.finished,
        points=tuple(_point(point) for point in study.points),
        warnings=tuple(schemas.Bilingual(zh=warning.zh, en=warning.en) for warning in warnings),
    )


def _scenario(study: FleetStudy) -> schemas.ScenarioReference:
    scenario = study.problem.scenario
    return schemas.ScenarioReference(name=scenario.name, timezone=scenario.timezone, fingerprint=scenario.fingerprint)


def _roads(network: Network) -> schemas.NetworkEntry:
    return schemas.NetworkEntry(name=network.name, fingerprint=network.fingerprint, attribution=network.attribution)


def _solver(effort: Effort, iterations: int) -> schemas.SolverEntry:
    engine = known_solver(effort.solver)
    return schemas.SolverEntry(
        engine=engine.name, engine_version=engine.version, seed=effort.seed, iterations=iterations, seconds=None
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
