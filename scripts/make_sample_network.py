"""Write the sample network of the package from the Coquimbo example of AequilibraE.

    python scripts/make_sample_network.py WHEEL_OR_ZIP [FOLDER]

WHEEL_OR_ZIP is the wheel of aequilibrae 1.7.2, or ``coquimbo.zip`` from its ``reference_files``.
"""

from __future__ import annotations

import csv
import io
import sqlite3
import struct
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import shapely

from geodata.files import write_whole
from geodata.model import Floats, Segment
from geodata.network import Network, build_network, save_network
from geodata.tags import ROADS

SAMPLES = Path(__file__).parent.parent / "geodata" / "samples"
ATTRIBUTION = "© OpenStreetMap contributors (ODbL 1.0), prepared by AequilibraE"

_EXAMPLE = "aequilibrae/reference_files/coquimbo.zip"
_DATABASE = "project_database.sqlite"

ATTRIBUTION_PAGE = """# Where the samples come from

`coquimbo.bgn` and `coquimbo_zones.csv`: roads and zones of La Serena and Coquimbo, Chile, written by
`scripts/make_sample_network.py` from the Coquimbo example that AequilibraE 1.7.2 carries
(`aequilibrae/reference_files/coquimbo.zip`).

- Roads: © OpenStreetMap contributors, available under the Open Database License 1.0
  (https://www.openstreetmap.org/copyright, https://opendatacommons.org/licenses/odbl/1-0/). `coquimbo.bgn` is a
  derived database under the same licence.
- Example project with its zones and their population: AequilibraE (https://www.aequilibrae.com,
  https://github.com/AequilibraE/aequilibrae), MIT License with an added clause, below.

Changed: centroids and their connectors were left out, lines were turned to run from their first node to their second,
link types and speeds were written as OpenStreetMap tags; each zone is reduced to one point inside it.

## Licence of AequilibraE

Copyright (c) 2014-, AequilibraE Developers.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute and/or sublicense copies of the Software, and to permit persons
to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

Additional clause: Reference to the software has to be made in all documentation for work developed with the software.
"""


def main(arguments: Sequence[str]) -> None:
    source = Path(arguments[0])
    folder = Path(arguments[1]) if len(arguments) > 1 else SAMPLES
    with _open_database(source) as database:
        network = build_network(_segments(database), name="coquimbo", attribution=ATTRIBUTION)
        zones = list(_zones(database))
    save_network(network, folder / "coquimbo.bgn")
    _write(folder / "coquimbo_zones.csv", _table(zones))
    _write(folder / "ATTRIBUTION.md", ATTRIBUTION_PAGE)
    print(_summary(network, zones, folder))


def _open_database(source: Path) -> closing[sqlite3.Connection]:
    example = source.read_bytes()
    with zipfile.ZipFile(source) as archive:
        if _EXAMPLE in archive.namelist():
            example = archive.read(_EXAMPLE)
    with zipfile.ZipFile(io.BytesIO(example)) as archive, tempfile.TemporaryDirectory() as folder:
        on_disk = closing(sqlite3.connect(archive.extract(_DATABASE, folder)))
        with on_disk as connection:
            memory = sqlite3.connect(":memory:")
            connection.backup(memory)
    return closing(memory)


# --- roads ------------------------------------------------------------------------------------------------------


def _segments(database: sqlite3.Connection) -> Iterator[Segment]:
    places = {node: parse_spatialite(blob)[0] for node, blob in database.execute("SELECT node_id, geometry FROM nodes")}
    rows = database.execute(
        "SELECT a_node, b_node, direction, link_type, name, speed_ab, speed_ba, osm_id, lanes_ab, lanes_ba, geometry"
        " FROM links WHERE link_type <> 'centroid_connector' ORDER BY link_id"
    )
    for a, b, direction, link_type, name, speed_ab, speed_ba, way, lanes_ab, lanes_ba, blob in rows:
        forward, backward = direction >= 0, direction <= 0
        tags = {"highway": link_type, "oneway": "no" if forward and backward else "yes" if forward else "-1"}
        tags |= _by_direction("maxspeed", speed_ab if forward else None, speed_ba if backward else None)
        tags |= _each_way("lanes", lanes_ab if forward else None, lanes_ba if backward else None)
        if link_type not in ROADS:
            raise ValueError(f"unknown link type {link_type!r}")
        yield Segment(
            tail=a,
            head=b,
            points=oriented(parse_spatialite(blob), places[a], places[b]),
            way=way or 0,
            tags=tags,
            names={"name": name} if name else {},
            forward=forward,
            backward=backward,
        )


def _by_direction(key: str, forward: float | None, backward: float | None) -> dict[str, str]:
    return {key: f"{forward:g}"} if forward and forward == backward else _each_way(key, forward, backward)


def _each_way(key: str, forward: float | None, backward: float | None) -> dict[str, str]:
    known = {f"{key}:forward": forward, f"{key}:backward": backward}
    return {name: f"{value:g}" for name, value in known.items() if value}


def oriented(points: Floats, start: Floats, end: Floats) -> Floats:
    """The line from its first node to its second; some are stored the other way round. Its ends are the nodes."""
    along = np.abs(points[0] - start).max() + np.abs(points[-1] - end).max()
    against = np.abs(points[-1] - start).max() + np.abs(points[0] - end).max()
    line = points if along <= against else points[::-1]
    if min(along, against) > 1e-6:
        raise ValueError(f"a line of {len(points)} points does not join its nodes")
    return np.concatenate([[start], line[1:-1], [end]])


# --- SpatiaLite -------------------------------------------------------------------------------------------------

_POINT, _LINE, _COMPRESSED_LINE = 1, 2, 1_000_002
_HEADER_BYTES = 39


def parse_spatialite(blob: bytes) -> Floats:
    """Points (n, 2) of a point or line (https://www.gaia-gis.it/gaia-sins/BLOB-Geometry.html).

    One byte 0x00, one for the byte order, SRID, box of four doubles, 0x7C, class, then the coordinates.
    """
    order = "<" if blob[1] == 1 else ">"
    (kind,) = struct.unpack_from(f"{order}I", blob, _HEADER_BYTES)
    at = _HEADER_BYTES + 4
    if kind == _POINT:
        return np.frombuffer(blob, f"{order}f8", 2, at).reshape(1, 2).astype(np.float64)
    (count,) = struct.unpack_from(f"{order}I", blob, at)
    if kind == _LINE:
        return np.frombuffer(blob, f"{order}f8", 2 * count, at + 4).reshape(-1, 2).astype(np.float64)
    if kind == _COMPRESSED_LINE:
        return _uncompressed(blob, order, count, at + 4)
    raise ValueError(f"geometry class {kind} is not handled")


def _uncompressed(blob: bytes, order: str, count: int, at: int) -> Floats:
    """First and last point are doubles, each between is a difference in floats from the one before it."""
    first = np.frombuffer(blob, f"{order}f8", 2, at)
    steps = np.frombuffer(blob, f"{order}f4", 2 * (count - 2), at + 16).reshape(-1, 2)
    last = np.frombuffer(blob, f"{order}f8", 2, at + 16 + 8 * (count - 2))
    inner = first + np.cumsum(steps.astype(np.float64), axis=0)
    return np.concatenate([[first], inner, [last]])


def _polygons(blob: bytes) -> shapely.MultiPolygon:
    """A SpatiaLite multipolygon: like WKB, but each part is marked 0x69 and keeps the byte order of the whole."""
    order = "<" if blob[1] == 1 else ">"
    (parts,) = struct.unpack_from(f"{order}I", blob, _HEADER_BYTES + 4)
    at, polygons = _HEADER_BYTES + 8, []
    for _ in range(parts):
        rings, at = _rings(blob, order, at)
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.MultiPolygon(polygons)


def _rings(blob: bytes, order: str, at: int) -> tuple[list[Floats], int]:
    _mark, kind, count = struct.unpack_from(f"{order}BII", blob, at)
    if kind != 3:
        raise ValueError(f"geometry class {kind} inside a multipolygon")
    at, rings = at + 9, []
    for _ in range(count):
        (points,) = struct.unpack_from(f"{order}I", blob, at)
        rings.append(np.frombuffer(blob, f"{order}f8", 2 * points, at + 4).reshape(-1, 2))
        at += 4 + 16 * points
    return rings, at


# --- zones ------------------------------------------------------------------------------------------------------

Zone = tuple[int, float, float, float]


def _zones(database: sqlite3.Connection) -> Iterator[Zone]:
    """Zone, lon, lat of its centroid (or, where that is outside, of a point inside), population."""
    for zone, population, blob in database.execute("SELECT zone_id, population, geometry FROM zones ORDER BY zone_id"):
        area = _polygons(blob)
        point = area.centroid if area.contains(area.centroid) else area.representative_point()
        yield zone, point.x, point.y, population or 0.0


def _table(zones: Sequence[Zone]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("zone_id", "lon", "lat", "population"))
    rows.writerows((zone, f"{lon:.6f}", f"{lat:.6f}", f"{people:.2f}") for zone, lon, lat, people in zones)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    with write_whole(path) as stream:
        stream.write(text.encode())


def _summary(network: Network, zones: Sequence[Zone], folder: Path) -> str:
    sizes: Mapping[str, int] = {path.name: path.stat().st_size for path in sorted(folder.glob("coquimbo*"))}
    people = sum(zone[3] for zone in zones)
    counts = f"{network.nodes:,} nodes, {network.edges:,} edges, {network.arcs:,} arcs"
    return f"{counts}; {len(zones)} zones, {people:,.2f} people; bytes: {dict(sizes)}"


if __name__ == "__main__":
    main(sys.argv[1:])
