"""The use case of the roads as they are tonight, as a document."""

from __future__ import annotations

from collections.abc import Iterator

from api import schemas
from api.plan_restrictions import shape_on_roads, stranded_warnings
from api.scenarios import scenario_of
from api.service import Networks
from api.study_entries import network_entry, scenario_reference, warning_entries
from geodata.errors import Text
from geodata.model import LonLat
from geodata.network import Network
from geodata.restrictions import Placed
from routing.ground import Ground
from routing.model import AtGate
from routing.road_report import ClassReport, RoadReport, SiteRoads, WaveReport, report_roads


def roads_document(
    document: schemas.ScenarioDocument, *, networks: Networks, warnings: tuple[Text, ...] = ()
) -> schemas.RoadsDocument:
    """The network under the restrictions in force. Raises BadInput."""
    network = networks.load(document.network)
    report = report_roads(scenario_of(document), network)
    ground = report.ground
    found = () if ground.resolved is None else tuple(each.message for each in ground.resolved.warnings)
    return schemas.RoadsDocument(
        scenario=scenario_reference(ground.scenario),
        network=network_entry(network),
        depots=tuple(_depots(document, ground)),
        restrictions=tuple(_restrictions(ground)),
        waves=tuple(_wave(document, report, wave) for wave in report.waves),
        turns_applied=len({ban["id"] for ban in network.bans}),
        turns_unapplied=tuple(_unapplied(network)),
        warnings=warning_entries((*warnings, *found, *stranded_warnings(ground))),
    )


def _unapplied(network: Network) -> Iterator[schemas.UnappliedTurnEntry]:
    for relation in network.unapplied:
        reason = schemas.Bilingual(zh=relation["zh"], en=relation["en"])
        yield schemas.UnappliedTurnEntry(relation=str(relation["id"]), reason=reason)


def _depots(document: schemas.ScenarioDocument, ground: Ground) -> Iterator[schemas.DepotOnRoadsEntry]:
    names = {entry.id: entry.name for entry in document.depots}
    at = {point.id: point.location for point in ground.scenario.access_points}
    for depot in ground.scenario.depots:
        lon, lat = at[depot.place.access_point]
        yield schemas.DepotOnRoadsEntry(id=depot.place.id, name=names[depot.place.id], lon=lon, lat=lat)


# --- restrictions -------------------------------------------------------------------------------------------------


def _restrictions(ground: Ground) -> Iterator[schemas.RestrictionOnRoadsEntry]:
    for placed in () if ground.resolved is None else ground.resolved.placed:
        yield _restriction(ground.network, placed)


def _restriction(network: Network, placed: Placed) -> schemas.RestrictionOnRoadsEntry:
    restriction, parts = placed.restriction, placed.parts
    closed_m = float((network.edge_length_m[parts.edge] * (parts.end - parts.start)).sum())
    return schemas.RestrictionOnRoadsEntry(
        **shape_on_roads(placed, network),
        id=restriction.id,
        name=restriction.name,
        source=restriction.source,
        note=restriction.note,
        from_at=restriction.in_force.begin,
        to_at=restriction.in_force.end,
        closed_km=round(closed_m / 1_000, 3),
    )


# --- waves --------------------------------------------------------------------------------------------------------


def _wave(document: schemas.ScenarioDocument, report: RoadReport, wave: WaveReport) -> schemas.RoadWaveEntry:
    return schemas.RoadWaveEntry(
        order=wave.order,
        from_at=wave.span.begin,
        to_at=wave.span.end,
        sites=tuple(_sites(document, report.ground, wave)),
        gates=tuple(_gates(wave)),
        classes=tuple(_class(each) for each in wave.classes),
    )


def _sites(document: schemas.ScenarioDocument, ground: Ground, wave: WaveReport) -> Iterator[schemas.SiteOnRoadsEntry]:
    at = {point.id: point.location for point in ground.scenario.access_points}
    names = {entry.id: entry.name for entry in document.sites}
    for site in ground.scenario.sites:
        if site.place.id in wave.sites:
            lon, lat = at[site.place.access_point]
            state = wave.sites[site.place.id]
            yield schemas.SiteOnRoadsEntry(
                site=site.place.id, name=names[site.place.id], lon=lon, lat=lat, state=state.value
            )


def _gates(wave: WaveReport) -> Iterator[schemas.GateInUseEntry]:
    """Each once, with the sites whose goods some class hands over there."""
    gates: dict[str, AtGate] = {}
    sites: dict[str, list[str]] = {}
    for each in (site for number in wave.classes for site in number.sites if site.gate is not None):
        gate = each.gate
        if gate is not None:
            gates.setdefault(gate.id, gate)
            sites.setdefault(gate.id, []).append(each.site)
    for name, gate in gates.items():
        behind = tuple(dict.fromkeys(sites[name]))
        lon, lat = gate.location
        yield schemas.GateInUseEntry(id=name, name=gate.name, lon=lon, lat=lat, sites=behind)


def _class(report: ClassReport) -> schemas.RoadClassEntry:
    return schemas.RoadClassEntry.model_validate(
        {
            "vehicles": report.vehicles,
            "profile": report.profile,
            "passes": report.passes,
            "before_km": report.before_km,
            "served_km": report.served_km,
            "cut_km": round(report.before_km - report.served_km, 3),
            "components_before": report.components_before,
            "components_after": len(report.components),
            "components": [each._asdict() for each in report.components],
            "restrictions": [each._asdict() | {"standing": each.standing.value} for each in report.restrictions],
            "sites": tuple(_site(each) for each in report.sites),
            "cut_edges": report.cut_edges,
        }
    )


def _site(found: SiteRoads) -> schemas.SiteWayEntry:
    before, after, cut_off = found.before, found.after, found.cut_off
    nearest = cut_off.nearest if cut_off else None
    return schemas.SiteWayEntry(
        site=found.site,
        state=found.state.value,
        before_depot=before.depot if before else None,
        before_s=before.travel_s if before else None,
        after_depot=after.depot if after else None,
        after_s=after.travel_s if after else None,
        extra_s=found.extra_s,
        gate=found.gate.id if found.gate else None,
        cut_off_by=cut_off.by if cut_off else (),
        nearest_open=_point(nearest.point) if nearest else None,
        nearest_open_m=round(cut_off.nearest_m, 1) if cut_off and nearest else None,
    )


def _point(at: LonLat) -> schemas.PointEntry:
    return schemas.PointEntry(lon=at.lon, lat=at.lat)
