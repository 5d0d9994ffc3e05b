"""What is checked about a map file before a parser sees it: kind, completeness, size once unpacked, and no DTD."""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO

from geodata.errors import BadInput

UNPACKED_LIMIT = 2 * 1024**3
UNPACKED_RATIO = 200
HARMLESS = 16 * 1024**2
"""Bytes that may come out of any file, however small: the ratio is only asked beyond them."""

_CHUNK = 1024**2
_PROLOG_LIMIT = 64 * 1024
_PBF_BLOB_LIMIT = 32 * 1024**2
_PBF_HEADER_LIMIT = 64 * 1024


class MapFormat(StrEnum):
    """What the content says the file is; the values are osmium's names."""

    PBF = "pbf"
    XML = "osm"
    GZIP_XML = "osm.gz"
    BZIP2_XML = "osm.bz2"


def examine(path: Path, *, root: str) -> MapFormat:
    """The format of a map file, judged by its content. ``root`` is the element an XML file must begin with.

    Raises ``BadInput`` for a file that is missing, empty, cut short inside a block, of another kind, that declares a
    DTD, or that unpacks to more than 2 GiB or 200 times its size. A PBF carries no end mark: one that was cut exactly
    between two blocks cannot be told from a smaller map.
    """
    try:
        return _examine(path, root)
    except FileNotFoundError:
        raise BadInput.one("找不到地图文件", "no such map file", file=str(path)) from None
    except (EOFError, zlib.error):
        raise damaged(path) from None
    except OSError as error:
        zh, en = f"无法读取地图文件：{error.strerror or error}", f"cannot be read: {error.strerror or error}"
        raise BadInput.one(zh, en, file=str(path)) from None


def damaged(path: Path) -> BadInput:
    zh, en = "地图文件已损坏或不完整，请重新下载", "is damaged or was cut short; download it again"
    return BadInput.one(zh, en, file=str(path))


def not_a_map(path: Path) -> BadInput:
    zh = (
        "不是可以读取的地图文件；可用的格式：OpenStreetMap 的 .osm.pbf、.osm、.osm.gz、.osm.bz2，以及 osmnx 的 .graphml"
    )
    en = "is not a map file that can be read here; known: OpenStreetMap .osm.pbf, .osm, .osm.gz, .osm.bz2, osmnx .graphml"
    return BadInput.one(zh, en, file=str(path))


def _examine(path: Path, root: str) -> MapFormat:
    size = path.stat().st_size
    if size == 0:
        raise BadInput.one("地图文件是空的", "is empty", file=str(path))
    kind = _kind(path)
    limit = UNPACKED_LIMIT if kind is MapFormat.XML else min(UNPACKED_LIMIT, max(HARMLESS, UNPACKED_RATIO * size))
    if kind is MapFormat.PBF:
        _require_within(path, limit, _pbf_sizes(path))
        return kind
    with _unpacked(path, kind) as stream:
        head = stream.read(_PROLOG_LIMIT)
        _require_plain_xml(path, head, root)
        if kind is MapFormat.XML:
            _require_within(path, limit, iter([size]))
        else:
            _require_within(path, limit, iter(lambda: len(stream.read(_CHUNK)), 0))
    return kind


def _kind(path: Path) -> MapFormat:
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(b"\x1f\x8b"):
        return MapFormat.GZIP_XML
    if head.startswith(b"BZh"):
        return MapFormat.BZIP2_XML
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return MapFormat.XML
    if head.startswith(b"\x00\x00") and b"OSMHeader" in head[:40]:
        return MapFormat.PBF
    raise not_a_map(path)


def _unpacked(path: Path, kind: MapFormat) -> IO[bytes] | gzip.GzipFile:
    if kind is MapFormat.GZIP_XML:
        return gzip.open(path)
    return bz2.open(path) if kind is MapFormat.BZIP2_XML else path.open("rb")


def _require_within(path: Path, limit: int, sizes: Iterator[int]) -> None:
    total = 0
    for size in sizes:
        total += size
        if total > limit:
            zh = f"解压后超过 {limit / 1e6:.0f} MB，不予读取；请先截取所需区域"
            en = f"unpacks to more than {limit / 1e6:.0f} MB and is not read; cut out the area you need first"
            raise BadInput.one(zh, en, file=str(path))


_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s++|<\?.*?\?>|<!--.*?-->)*+(?P<next><[^\s>/]{0,100})?", re.DOTALL)
_ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"']*)""")
_ENCODINGS = {b"utf-8", b"us-ascii", b"iso-8859-1"}


def _require_plain_xml(path: Path, head: bytes, root: str) -> None:
    """The root element follows at once: a DTD, which must stand before it, cannot be hidden, not by an encoding either.

    Entities are declared in a DTD only (https://www.w3.org/TR/xml/#dt-doctype), so none can be defined.
    """
    encoding = _ENCODING.match(head)
    if encoding and encoding[1].lower() not in _ENCODINGS:
        zh, en = "XML 编码必须是 UTF-8", "is XML in an encoding other than UTF-8"
        raise BadInput.one(zh, en, file=str(path))
    found = _PROLOG.match(head)
    first = (found and found["next"]) or b""
    if first.upper().startswith((b"<!DOCTYPE", b"<!ENTITY")):
        zh, en = "含有 DTD 或实体声明，出于安全不予读取", "declares a DTD or entities, which is refused for safety"
        raise BadInput.one(zh, en, file=str(path))
    if first.rpartition(b":")[2].removeprefix(b"<") != root.encode():
        raise not_a_map(path)


def _pbf_sizes(path: Path) -> Iterator[int]:
    """Unpacked size of each block (https://wiki.openstreetmap.org/wiki/PBF_Format#File_format)."""
    with path.open("rb") as stream:
        while prefix := stream.read(4):
            header = _exactly(stream, int.from_bytes(prefix, "big"), _PBF_HEADER_LIMIT)
            length = _fields(header).get(3, 0)
            blob = _exactly(stream, length, _PBF_BLOB_LIMIT)
            yield _fields(blob).get(2, length)


def _exactly(stream: IO[bytes], length: int, limit: int) -> bytes:
    data = stream.read(length) if length <= limit else b""
    if len(data) != length:
        raise EOFError
    return data


def _fields(message: bytes) -> dict[int, int]:
    """Integer fields of a protobuf message by number; of the others their length."""
    fields, at = {}, 0
    while at < len(message):
        key, at = _varint(message, at)
        value, at = _varint(message, at)
        fields[key >> 3] = value
        if key & 7 == 2:
            at += value
        elif key & 7 != 0:
            raise EOFError
    return fields


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(message):
            break
        value |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    raise EOFError
