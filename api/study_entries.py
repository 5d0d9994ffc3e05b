"""What every study's document says of where it comes from."""

from __future__ import annotations

from collections.abc import Iterable

from api import schemas
from api.service import Effort
from geodata.errors import Text
from geodata.network import Network
from routing.model import Scenario
from routing.solvers import known_solver


def scenario_reference(scenario: Scenario) -> schemas.ScenarioReference:
    return schemas.ScenarioReference(name=scenario.name, timezone=scenario.timezone, fingerprint=scenario.fingerprint)


def network_entry(network: Network) -> schemas.NetworkEntry:
    return schemas.NetworkEntry(name=network.name, fingerprint=network.fingerprint, attribution=network.attribution)


def solver_entry(effort: Effort, iterations: int) -> schemas.SolverEntry:
    """``iterations``: of each plan of the study."""
    engine = known_solver(effort.solver)
    return schemas.SolverEntry(
        engine=engine.name, engine_version=engine.version, seed=effort.seed, iterations=iterations, seconds=None
    )


def warning_entries(warnings: Iterable[Text]) -> tuple[schemas.Bilingual, ...]:
    return tuple(schemas.Bilingual(zh=warning.zh, en=warning.en) for warning in warnings)
