"""The use case of evening out: what a lower ceiling on the longest route costs a scenario, as a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from api import schemas
from api.scenarios import scenario_of
from api.service import Effort, Networks
from api.study_entries import network_entry, scenario_reference, solver_entry, warning_entries
from geodata.errors import Text
from routing.evenness import (
    DEFAULT_ITERATIONS,
    EvennessPoint,
    EvennessStudy,
    OnCeiling,
    in_silence,
    study_evenness,
)
from routing.solvers import known_solver


def evenness_document(
    document: schemas.ScenarioDocument,
    *,
    networks: Networks,
    effort: Effort,
    warnings: tuple[Text, ...] = (),
    on_ceiling: OnCeiling = in_silence,
) -> schemas.EvennessDocument:
    """Lower and lower ceilings, each with a checked plan. Raises BadInput, or PlanRejected when a plan broke a rule."""
    network = networks.load(document.network)
    iterations = effort.stop.iterations or DEFAULT_ITERATIONS
    study = study_evenness(
        scenario_of(document),
        network,
        solver=known_solver(effort.solver),
        stop=replace(effort.stop, iterations=iterations),
        seed=effort.seed,
        on_ceiling=on_ceiling,
    )
    points = tuple(_points(study))
    return schemas.EvennessDocument(
        scenario=scenario_reference(study.problem.scenario),
        network=network_entry(network),
        solver=solver_entry(effort, iterations),
        visits=points[0].served_in_time + points[0].served_late + points[0].unserved,
        lowest_s=min(point.longest_s for point in points if not point.worse),
        finished=study.finished,
        points=points,
        warnings=warning_entries(warnings),
    )


def _points(study: EvennessStudy) -> Iterator[schemas.EvennessPointEntry]:
    first_s = study.points[0].plan.summary.objective.cost_s
    return (_point(point, first_s) for point in study.points)


def _point(point: EvennessPoint, first_s: int) -> schemas.EvennessPointEntry:
    summary = point.plan.summary
    away_s = [route.away_s for route in point.plan.routes] or [0]
    extra_s = summary.objective.cost_s - first_s
    return schemas.EvennessPointEntry(
        ceiling_s=point.ceiling_s,
        longest_s=max(away_s),
        shortest_s=min(away_s),
        mean_s=round(sum(away_s) / len(away_s), 1),
        vehicles_used=summary.vehicles_used,
        served_in_time=summary.served_in_time,
        served_late=summary.served_late,
        unserved=summary.unserved,
        worse=point.worse,
        cost_s=summary.objective.cost_s,
        extra_s=extra_s,
        extra_percent=round(100 * extra_s / first_s, 2) if first_s else 0.0,
        travel_s=summary.travel_s,
        length_m=summary.length_m,
        check="passed",
    )
