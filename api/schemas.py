"""The two documents everything speaks: the scenario that comes in and the plan that goes out.

Both are the same whether they travel over HTTP, lie in a file, or were put together from lists. A scenario's times of
day are text as coordinators write them ("8:00-11:30、13:00-18:00"); a plan gives each time as whole seconds since the
first dispatch order (``…_s``) and as an ISO 8601 instant (``…_at``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from geodata.model import Datum

SCHEMA_VERSION: Final = "1"

Identifier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
VisitName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=110)]
"""Site and part: "S1/1"."""

Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Quantity = Annotated[float, Field(ge=0, le=1e9)]
Whole = Annotated[int, Field(ge=0, le=1_000_000_000)]
PerCrate = Annotated[float, Field(ge=0, le=3_600)]
TargetSeconds = Annotated[int, Field(gt=0, le=86_400)]
VehicleMetres = Annotated[float, Field(gt=0, le=100)]
VehicleTonnes = Annotated[float, Field(gt=0, le=200)]
RoadProfile = Literal["van", "truck", "three_wheeler", "on_foot"]
RiskLevel = Literal["", "precautionary", "controlled", "sealed"]
Names = Annotated[tuple[Identifier, ...], Field(max_length=5_000)]


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


# --- scenario ---------------------------------------------------------------------------------------------------


class PlaceKind(StrEnum):
    CITY_DEPOT = "city_depot"
    DISTRICT_DEPOT = "district_depot"
    TRANSFER_STATION = "transfer_station"
    BOUNDARY_DEPOT = "boundary_depot"
    OUTLET = "outlet"
    DROP_POINT = "drop_point"
    SAMPLING_SITE = "sampling_site"


class DatumByList(Document):
    """The coordinate system each list was recorded in."""

    depots: Datum = Datum.WGS84
    sites: Datum = Datum.WGS84
    access_points: Datum = Datum.WGS84
    closures: Datum = Datum.WGS84
    checkpoints: Datum = Datum.WGS84
    zones: Datum = Datum.WGS84


class UnservedPrices(Document):
    """Price in seconds of leaving a visit out, by priority; read only with ``objective = "prices"``."""

    priority_1: Whole = 200_000
    priority_2: Whole = 50_000
    priority_3: Whole = 12_500


class Settings(Document):
    after_target: Literal["deliver_late", "leave_out"] = "deliver_late"
    objective: Literal["lexicographic", "prices"] = "lexicographic"
    prices: UnservedPrices = UnservedPrices()
    snap_limit_m: Annotated[float, Field(gt=0, le=5_000)] = 300.0
    ferries: bool = False
    service_s: Whole = 240
    service_per_crate_s: PerCrate = 6.0
    vehicle_fixed_cost_s: Whole = 1_800
    target_from: Literal["order", "departure"] = "order"
    longest_route_s: Annotated[int, Field(gt=0, le=1_000_000_000)] | None = None
    disinfection_s: Whole = 1_800
    unpreferred_price_s: Whole = 600
    change_price_s: Whole = 600
    longest_route_price: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    unreadable_hours: Literal["reject", "list"] = "reject"
    bad_rows: Literal["reject", "skip"] = "reject"


class OrderEntry(Document):
    """A dispatch order: the clock of one wave starts at ``order_at``."""

    id: Identifier
    order_at: AwareDatetime
    target_s: TargetSeconds = 7_200
    round_limit_s: TargetSeconds = 21_600


class KindEntry(Document):
    """A supply kind; figures per unit. It is never loaded together with the kinds in ``apart``, nor they with it."""

    id: Identifier
    name: Label = ""
    kg: Quantity = 0.0
    m3: Quantity = 0.0
    crates: Quantity = 0.0
    apart: Names = ()


class AccessPointEntry(Document):
    id: Identifier
    name: Label = ""
    lon: Longitude
    lat: Latitude
    bays: Annotated[int, Field(ge=1, le=1_000)] = 1


class PlaceEntry(Document):
    """What every place has. ``access_point`` names where vehicles stop; without one the place is its own."""

    id: Identifier
    name: Label = ""
    kind: PlaceKind
    lon: Longitude
    lat: Latitude
    address: Label = ""
    access_point: Identifier | None = None
    contact: Label = ""
    phone: Label = ""


class StockEntry(Document):
    kind: Identifier
    units: Whole


class DepotEntry(PlaceEntry):
    """``stock``: a kind with an entry at any depot is limited everywhere; a depot without an entry then has none.

    ``supplied_from`` makes it a station: it sends its own ``stock`` and what that depot sends it beforehand, once the last of
    that has arrived and so long was spent on sorting it.
    """

    kind: PlaceKind = PlaceKind.DISTRICT_DEPOT
    opening: Label = ""
    loading_s: Whole = 0
    loading_per_crate_s: PerCrate = 0.0
    loading_bays: Annotated[int, Field(ge=1, le=1_000)] | None = None
    stock: tuple[StockEntry, ...] = ()
    supplied_from: Identifier | None = None
    sorting_s: Whole = 0
    sorting_per_crate_s: PerCrate = 0.0


class DemandEntry(Document):
    """``units`` of a supply kind wanted by a dispatch order (the first one when none is named)."""

    kind: Identifier
    units: Whole
    order: Identifier | None = None


class SiteEntry(PlaceEntry):
    """``vehicles``: only these may come. Ids of vehicles: of an entry (all its vehicles), or counted out (V-2)."""

    kind: PlaceKind = PlaceKind.DROP_POINT
    receiving: Label = ""
    finish_by_close: bool = False
    priority: Annotated[int, Field(ge=1, le=3)] = 2
    required: bool = False
    service_s: Whole | None = None
    service_per_crate_s: PerCrate | None = None
    households: Whole | None = None
    target_s: TargetSeconds | None = None
    zone: RiskLevel = ""
    max_vehicles: Annotated[int, Field(ge=1, le=5_000)] | None = None
    vehicles: Names = ()
    not_vehicles: Names = ()
    prefer_vehicles: Names = ()
    needs_pass: Identifier | None = None
    longest_vehicle_m: VehicleMetres | None = None
    demand: tuple[DemandEntry, ...] = ()


class VehicleEntry(Document):
    """One vehicle, or ``count`` alike ones named id-1, id-2 …; a capacity that is not given does not bind.

    ``reload``: depots that later loops may start from, its own if none is named. ``breaks``: "11:30-13:00/30", a rest of
    30 minutes that begins between 11:30 and 13:00. ``profile``: what it is on the roads; a dimension that is not given is
    the usual one of its profile, laden.
    """

    id: Identifier
    name: Label = ""
    kind: Label = ""
    count: Annotated[int, Field(ge=1, le=2_000)] = 1
    depot: Identifier
    end: Identifier | None = None
    capacity_kg: Quantity | None = None
    capacity_m3: Quantity | None = None
    capacity_crates: Whole | None = None
    shift: Label = ""
    fixed_cost_s: Whole | None = None
    max_loops: Annotated[int, Field(ge=1, le=20)] = 1
    reload: Names = ()
    breaks: Label = ""
    passes: Names = ()
    profile: RoadProfile = "van"
    height_m: VehicleMetres | None = None
    width_m: VehicleMetres | None = None
    length_m: VehicleMetres | None = None
    weight_t: VehicleTonnes | None = None
    axle_t: VehicleTonnes | None = None
    hazmat: bool = False
    licence: Label = ""


class DriverEntry(Document):
    """Who may drive what: a vehicle that asks for a licence is driven by one who holds it."""

    id: Identifier
    name: Label = ""
    shift: Label = ""
    licences: Names = ()
    known_sites: Names = ()
    phone: Label = ""


class LockEntry(Document):
    """A visit and the vehicle that makes it, as its ``position``-th stop if given; or a ``route`` kept whole.

    ``route`` names a vehicle whose route stays as in the earlier plan.
    """

    visit: VisitName | None = None
    vehicle: Identifier | None = None
    position: Annotated[int, Field(ge=1, le=10_000)] | None = None
    route: Identifier | None = None


class GeometryEntry(Document):
    """A geometry as GeoJSON has it (RFC 7946); what its coordinates must be is said in ``geodata.restrictions.shapes``."""

    type: Literal["Polygon", "MultiPolygon", "LineString", "MultiLineString"]
    coordinates: tuple[Any, ...]


class PointEntry(Document):
    lon: Longitude
    lat: Latitude


class RestrictionEntry(Document):
    """What bars roads from ``from_at`` to just before ``to_at``. Its id is the name of the pass to it.

    It counts for the whole of a wave that it meets, but for ``exempt_orders``.
    """

    id: Identifier
    name: Label = ""
    source: Label = ""
    note: Label = ""
    from_at: AwareDatetime | None = None
    to_at: AwareDatetime | None = None
    exempt_orders: Names = ()


class ClosureEntry(RestrictionEntry):
    """Either a ``geometry``, area or line, or a ``road`` by name, number or way id: all of it, or between two points.

    ``spares_holders``: who holds a pass for it may drive there.
    """

    geometry: GeometryEntry | None = None
    road: Identifier | None = None
    from_lon: Longitude | None = None
    from_lat: Latitude | None = None
    to_lon: Longitude | None = None
    to_lat: Latitude | None = None
    spares_holders: bool = False


class CheckpointEntry(RestrictionEntry):
    """``lets_through``: passes it honours besides its own; with any, or with ``needs_pass``, nobody else gets through."""

    lon: Longitude
    lat: Latitude
    delay_s: Annotated[int, Field(ge=0, le=86_400)] = 0
    opening: Label = ""
    needs_pass: bool = False
    lets_through: Names = ()


class ZoneEntry(RestrictionEntry):
    """``gates``: where goods are handed over; without any, wherever a road crosses the edge."""

    level: Literal["precautionary", "controlled", "sealed"]
    geometry: GeometryEntry
    needs_pass: bool = False
    gates: Annotated[tuple[PointEntry, ...], Field(max_length=200)] = ()


class PassEntry(Document):
    """A vehicle's permit for zones, closures and checkpoints by their ids, or for sites that ask for one."""

    number: Label = ""
    vehicle: Identifier
    places: Annotated[Names, Field(min_length=1)]
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None


class HourFactorEntry(Document):
    """Drives that begin in this hour of the day take so many times as long on roads of a class: a value of ``highway``.

    "ferry" and "*", for all classes that have no factor of their own in the hour, are classes, too.
    """

    road_class: Identifier
    hour: Annotated[int, Field(ge=0, le=23)]
    factor: Annotated[float, Field(ge=0.1, le=20)]


class ScenarioDocument(Document):
    schema_version: Literal["1"] = SCHEMA_VERSION
    name: Label = ""
    timezone: str = "Asia/Shanghai"
    network: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    datum: DatumByList = DatumByList()
    settings: Settings = Settings()
    orders: Annotated[tuple[OrderEntry, ...], Field(min_length=1, max_length=50)]
    kinds: Annotated[tuple[KindEntry, ...], Field(min_length=1)]
    access_points: tuple[AccessPointEntry, ...] = ()
    depots: Annotated[tuple[DepotEntry, ...], Field(min_length=1)]
    sites: Annotated[tuple[SiteEntry, ...], Field(min_length=1)]
    vehicles: Annotated[tuple[VehicleEntry, ...], Field(min_length=1)]
    drivers: tuple[DriverEntry, ...] = ()
    locks: tuple[LockEntry, ...] = ()
    closures: tuple[ClosureEntry, ...] = ()
    checkpoints: tuple[CheckpointEntry, ...] = ()
    zones: tuple[ZoneEntry, ...] = ()
    passes: tuple[PassEntry, ...] = ()
    hour_factors: tuple[HourFactorEntry, ...] = ()


# --- the state of a day under way ---------------------------------------------------------------------------------


class LineEntry(Document):
    kind: str
    units: int


class VehicleStateEntry(Document):
    """A vehicle that is not where the earlier plan has it: at a site or depot, free after so many seconds.

    On a leg it is where the leg ends, free when it will have driven there. ``been``: the highest risk it has been at on
    this loop; by default what the earlier plan says, raised to that of ``at``.
    """

    vehicle: Identifier
    at: Identifier
    free_in_s: Whole = 0
    on_board: tuple[StockEntry, ...] = ()
    loops_made: Whole = 1
    been: RiskLevel | None = None


class GoodsTransferEntry(Document):
    """Goods saved from a lost vehicle: by default all it had on board.

    ``at``: the site or depot where the other vehicle takes them over, and is free after ``free_in_s``. Without it the
    goods are handed over where that vehicle is.
    """

    from_vehicle: Identifier
    to_vehicle: Identifier
    lines: Annotated[tuple[StockEntry, ...], Field(min_length=1)] | None = None
    at: Identifier | None = None
    free_in_s: Whole = 0


class StateDocument(Document):
    """What has happened otherwise than planned. Whatever is not said here went as the earlier plan has it."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    now_at: AwareDatetime
    done: tuple[Identifier, ...] = ()
    failed: tuple[Identifier, ...] = ()
    lost_vehicles: tuple[Identifier, ...] = ()
    lost_drivers: tuple[Identifier, ...] = ()
    vehicles: tuple[VehicleStateEntry, ...] = ()
    transfers: tuple[GoodsTransferEntry, ...] = ()


# --- plan -------------------------------------------------------------------------------------------------------


class Bilingual(Document):
    zh: str
    en: str


class LoadEntry(Document):
    kg: float
    m3: float
    crates: int


class RelaxationEntry(Document):
    """The cheapest change under which the visit was made in time when it was tried; or that none was found or tried."""

    relief: str
    message: Bilingual
    figures: dict[str, float | int | str | None]


class ReasonEntry(Document):
    """Why a visit is late or unserved: a code of the rule table, a sentence, and the figures it was tested with."""

    code: str
    message: Bilingual
    figures: dict[str, float | int | str | None]
    relaxation: RelaxationEntry | None = None


class LegEntry(Document):
    """The drive to a stop. ``arcs`` number the network's arcs in order, first and last usually in part."""

    travel_s: int
    length_m: float
    arcs: tuple[int, ...]


class GateEntry(Document):
    """Where the vehicle stands to hand over what is for a site inside ``zones``."""

    id: str
    name: str
    lon: float
    lat: float
    zones: tuple[str, ...]


class StopEntry(Document):
    """``lon``, ``lat``: the site's place on the road. With a ``gate`` the vehicle does not drive there, but to that."""

    visit: str
    site: str
    part: int
    name: str
    access_point: str
    order: str
    lon: float
    lat: float
    arrival_s: int
    arrival_at: AwareDatetime
    start_s: int
    start_at: AwareDatetime
    departure_s: int
    departure_at: AwareDatetime
    latest_s: int
    """The last second at which the stop would still be in time."""
    latest_at: AwareDatetime
    wait_s: int
    service_s: int
    late_s: int
    reason: ReasonEntry | None
    lines: tuple[LineEntry, ...]
    load: LoadEntry
    leg: LegEntry
    gate: GateEntry | None = None


class ReturnEntry(Document):
    """The drive back, to the vehicle's end depot."""

    place: str
    arrival_s: int
    arrival_at: AwareDatetime
    leg: LegEntry


class LoopEntry(Document):
    """``loading_s`` is when loading begins."""

    number: int
    depot: str
    loading_s: int
    loading_at: AwareDatetime
    departure_s: int
    departure_at: AwareDatetime
    lines: tuple[LineEntry, ...]
    load: LoadEntry
    stops: tuple[StopEntry, ...]
    back: ReturnEntry


class RouteTotals(Document):
    stops: int
    travel_s: int
    length_m: float
    service_s: int
    wait_s: int
    fixed_cost_s: int
    cost_s: int
    load: LoadEntry
    rest_s: int
    depot_s: int
    price_s: int


class TakenRest(Document):
    start_s: int
    start_at: AwareDatetime
    duration_s: int


class RouteEntry(Document):
    """``unknown_sites``: those the driver has not been to, which call for a drive beforehand."""

    vehicle: str
    name: str
    kind: str
    loops: tuple[LoopEntry, ...]
    rests: tuple[TakenRest, ...]
    totals: RouteTotals
    driver: str | None = None
    driver_name: str = ""
    known_stops: int = 0
    unknown_sites: tuple[str, ...] = ()


class UnservedEntry(Document):
    visit: str
    site: str
    part: int
    name: str
    order: str
    lon: float
    lat: float
    required: bool
    priority: int
    lines: tuple[LineEntry, ...]
    load: LoadEntry
    reason: ReasonEntry


class LocatedEntry(Document):
    """How a place was tied to the roads: distance to the road used and to the nearest of all, when they differ."""

    place: str
    lon: float | None
    lat: float | None
    road: str
    snap_m: float | None
    nearest_m: float | None


class Objective(Document):
    unserved: int
    late: int
    late_s: int
    cost_s: int


class Summary(Document):
    sites: int
    sites_served: int
    visits: int
    served_in_time: int
    served_late: int
    unserved: int
    latest_start_s: int | None
    vehicles_used: int
    vehicles: int
    travel_s: int
    length_m: float
    load: LoadEntry
    objective: Objective
    check: Literal["passed"]
    skipped: tuple[str, ...]
    reproducible: bool
    changed_stops: int | None = None


class NetworkEntry(Document):
    name: str
    fingerprint: str
    attribution: str


class SolverEntry(Document):
    """How the plan was found. Same request, seed and work limit: same plan."""

    engine: str
    engine_version: str
    seed: int
    iterations: int | None
    seconds: float | None


class ScenarioReference(Document):
    name: str
    timezone: str
    fingerprint: str


class OrderInPlan(Document):
    """``reasons_hour``: the hour, if it is not the order's own, for whose roads the reasons of its visits hold."""

    id: str
    order_s: int
    order_at: AwareDatetime
    target_s: int
    round_limit_s: int
    reasons_hour: int | None = None


class ChangeEntry(Document):
    """A visit that another vehicle makes than in the earlier plan; null where the one or the other leaves it out."""

    visit: str
    site: str
    from_vehicle: str | None
    to_vehicle: str | None
    from_start_s: int | None
    from_start_at: AwareDatetime | None
    to_start_s: int | None
    to_start_at: AwareDatetime | None


class FleetPartEntry(Document):
    """Vehicles of a kind and a profile on the roads, at a depot, and how many of them the scenario has."""

    kind: str
    profile: RoadProfile
    depot: str
    vehicles: int
    given: int


class FleetPointEntry(Document):
    """A fleet with what its checked plan comes to. What could be made in time but is not, is ``missed``."""

    vehicles: int
    parts: tuple[FleetPartEntry, ...]
    vehicles_used: int
    served_in_time: int
    missed: int
    latest_start_s: int | None
    travel_s: int
    length_m: float
    load: LoadEntry
    check: Literal["passed"]


class FleetDocument(Document):
    """What fleets of other sizes would serve in time. ``enough``: the smallest found that serves all ``reachable``."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    scenario: ScenarioReference
    network: NetworkEntry
    solver: SolverEntry
    visits: int
    reachable: int
    given: int
    enough: int | None
    finished: bool
    points: tuple[FleetPointEntry, ...]
    warnings: tuple[Bilingual, ...]


class EvennessPointEntry(Document):
    """A checked plan under a ceiling on the longest route, null where there is none, and what it costs more than the
    first. Times out are of the vehicles used. ``worse``: more is late or unserved than in the first.
    """

    ceiling_s: int | None
    longest_s: int
    shortest_s: int
    mean_s: float
    vehicles_used: int
    served_in_time: int
    served_late: int
    unserved: int
    worse: bool
    cost_s: int
    extra_s: int
    extra_percent: float
    travel_s: int
    length_m: float
    check: Literal["passed"]


class EvennessDocument(Document):
    """What evening out costs. ``lowest_s``: the shortest longest route found by which nothing is served worse."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    scenario: ScenarioReference
    network: NetworkEntry
    solver: SolverEntry
    visits: int
    lowest_s: int
    finished: bool
    points: tuple[EvennessPointEntry, ...]
    warnings: tuple[Bilingual, ...]


SiteRoadState = Literal["open", "gate", "cut_off", "never", "off_the_roads"]
"""Whether a site is driven to, handed over for at a gate, shut off by restrictions, or not reached without them either."""

RestrictionStanding = Literal["bars", "delays", "lets_through", "exempt", "not_yet", "over"]


class RestrictionOnRoadsEntry(Document):
    """A restriction as it lies on the network, in WGS-84. ``geometry``: the area of a zone, the stretches a closure closes.

    ``closed_km``: of road that it closes to whom it bars.
    """

    kind: Literal["closure", "checkpoint", "zone"]
    id: str
    name: str
    source: str
    note: str
    from_at: AwareDatetime | None
    to_at: AwareDatetime | None
    level: RiskLevel = ""
    geometry: GeometryEntry | None = None
    lon: float | None = None
    lat: float | None = None
    closed_km: float


class AppliedRestrictionEntry(Document):
    """What a restriction means in a wave for a class, and what it alone keeps from them, its own roads aside."""

    id: str
    standing: RestrictionStanding
    sites: tuple[str, ...]
    road_km: float


class ComponentEntry(Document):
    """Roads on which one can drive from any to any other."""

    km: float
    depots: tuple[str, ...]
    sites: int


class SiteWayEntry(Document):
    """The way to a site from the depot that is nearest in time, without restrictions (``before``) and with them.

    ``cut_off_by``: sets of restrictions, each of which would open the way if it were lifted; ``nearest_open``: the nearest
    place on a road that can be served.
    """

    site: str
    state: SiteRoadState
    before_depot: str | None
    before_s: int | None
    after_depot: str | None
    after_s: int | None
    extra_s: int | None
    gate: str | None
    cut_off_by: tuple[tuple[str, ...], ...]
    nearest_open: PointEntry | None
    nearest_open_m: float | None


class RoadClassEntry(Document):
    """Vehicles alike on the roads, in a wave. Kilometres are of road that depots can serve.

    ``components``: of the roads served before, as restrictions leave them, the longest first. ``cut_edges``: edges of the
    network that were served before and are no longer, at either end.
    """

    vehicles: tuple[str, ...]
    profile: RoadProfile
    passes: tuple[str, ...]
    before_km: float
    served_km: float
    cut_km: float
    components_before: int
    components_after: int
    components: tuple[ComponentEntry, ...]
    restrictions: tuple[AppliedRestrictionEntry, ...]
    sites: tuple[SiteWayEntry, ...]
    cut_edges: tuple[int, ...]


class GateInUseEntry(Document):
    id: str
    name: str
    lon: float
    lat: float
    sites: tuple[str, ...]


class SiteOnRoadsEntry(Document):
    """``state``: the best over the vehicles that may come. ``lon``, ``lat``: of its access point, in WGS-84."""

    site: str
    name: str
    lon: float
    lat: float
    state: SiteRoadState


class RoadWaveEntry(Document):
    order: str
    from_at: AwareDatetime
    to_at: AwareDatetime
    sites: tuple[SiteOnRoadsEntry, ...]
    gates: tuple[GateInUseEntry, ...]
    classes: tuple[RoadClassEntry, ...]


class UnappliedTurnEntry(Document):
    relation: str
    reason: Bilingual


class DepotOnRoadsEntry(Document):
    id: str
    name: str
    lon: float
    lat: float


class RoadsDocument(Document):
    """The network under the restrictions of a scenario. ``turns_unapplied``: the map's own that could not be applied."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    scenario: ScenarioReference
    network: NetworkEntry
    depots: tuple[DepotOnRoadsEntry, ...]
    restrictions: tuple[RestrictionOnRoadsEntry, ...]
    waves: tuple[RoadWaveEntry, ...]
    turns_applied: int
    turns_unapplied: tuple[UnappliedTurnEntry, ...]
    warnings: tuple[Bilingual, ...]


class VehicleNowEntry(Document):
    vehicle: str
    access_point: str
    free_s: int
    depot: str | None
    on_board: tuple[LineEntry, ...]
    loops_made: int
    been: RiskLevel = ""


class SentEntry(Document):
    depot: str
    kind: str
    units: int


class DayEntry(Document):
    """A plan of the rest of a day: what had happened by ``now_s``. Its routes say what is still to do."""

    now_s: int
    done: tuple[str, ...]
    lost_vehicles: tuple[str, ...]
    vehicles: tuple[VehicleNowEntry, ...]
    sent: tuple[SentEntry, ...]
    lost_drivers: tuple[str, ...] = ()


class TransferEntry(Document):
    """What the first stage brings to a station, and when all of it is unloaded and sorted."""

    station: str
    supplier: str
    ready_s: int
    ready_at: AwareDatetime
    lines: tuple[LineEntry, ...]


class RestrictionInPlan(Document):
    """A restriction on this network. ``orders``: those in whose waves it counts.

    ``geometry``: the area of a zone, the stretches of road that a closure closes. ``cut_off``: sites left out because of
    it, ``at_gate``: sites whose goods are handed over at its gates.
    """

    id: str
    kind: Literal["closure", "checkpoint", "zone"]
    name: str
    level: RiskLevel = ""
    geometry: GeometryEntry | None = None
    lon: float | None = None
    lat: float | None = None
    orders: tuple[str, ...]
    cut_off: tuple[str, ...]
    at_gate: tuple[str, ...]


class PlanDocument(Document):
    schema_version: Literal["1"] = SCHEMA_VERSION
    state: str | None = None
    version: int | None = None
    scenario: ScenarioReference
    network: NetworkEntry
    solver: SolverEntry
    orders: tuple[OrderInPlan, ...]
    summary: Summary
    routes: tuple[RouteEntry, ...]
    unserved: tuple[UnservedEntry, ...]
    located: tuple[LocatedEntry, ...]
    warnings: tuple[Bilingual, ...]
    changes: tuple[ChangeEntry, ...] = ()
    day: DayEntry | None = None
    transfers: tuple[TransferEntry, ...] = ()
    restrictions: tuple[RestrictionInPlan, ...] = ()


class StepEntry(Document):
    """A maneuver, in OSRM's words, and the drive that follows it. ``junctions``: how many the drive before came to."""

    type: str
    modifier: str
    name: Bilingual
    exit: int | None
    rotary: Bilingual
    junctions: int
    lon: float
    lat: float
    bearing: float
    length_m: float
    travel_s: int
    text: Bilingual


class LegDirectionsEntry(Document):
    """The way to a stop, or back (``visit`` null). The steps add up to the leg; none if the vehicle does not move."""

    vehicle: str
    loop: int
    number: int
    origin: str
    destination: str
    visit: str | None
    travel_s: int
    length_m: float
    steps: tuple[StepEntry, ...]


class DirectionsDocument(Document):
    schema_version: Literal["1"] = SCHEMA_VERSION
    scenario: ScenarioReference
    network: NetworkEntry
    legs: tuple[LegDirectionsEntry, ...]


class Before(Document):
    """What a new plan starts from: an earlier plan, and what has happened since otherwise than it says."""

    previous: PlanDocument | None = None
    state: StateDocument | None = None
