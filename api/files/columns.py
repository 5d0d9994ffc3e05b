"""The columns of every list, by the headings they may carry. ``docs/data-formats.md`` says the same to readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from api.files.cells import folded
from api.schemas import PlaceKind

Meaning = Literal["text", "names", "number", "boolean", "place_kind", "zone", "profile", "moment", "geometry", "points"]


@dataclass(frozen=True, slots=True)
class Column:
    """A field of an entry. ``names`` are its headings besides the field's own name, the first one Chinese and shown."""

    field: str
    names: tuple[str, ...]
    meaning: Meaning = "text"
    required: bool = False
    factor: int = 1
    """What a number is multiplied by: minutes are kept as seconds."""

    @property
    def heading(self) -> str:
        return f"{self.names[0]} ({self.field})"


@dataclass(frozen=True, slots=True)
class ListForm:
    """A list: its names as a file or sheet, its columns, where its rows go in the document, and what they default to."""

    name: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    target: str
    defaults: Mapping[str, object] = field(default_factory=dict)
    lines: Literal["", "demand", "stock"] = ""
    """Units by kind that belong to an entry: columns ``demand:KIND`` may follow, or rows in a list of their own."""

    def is_named(self, name: str) -> bool:
        return folded(name) in self.folded_names()

    def folded_names(self) -> frozenset[str]:
        return frozenset(folded(name) for name in (self.name, *self.names))

    def by_heading(self) -> dict[str, Column]:
        """Folded heading to column; the first of two columns for one field has the field's own name."""
        return {folded(name): column for column in reversed(self.columns) for name in (*column.names, column.field)}


ID = Column("id", ("编号", "代码", "编码", "序号"), required=True)
NAME = Column("name", ("名称", "姓名", "地点"))
LON = Column("lon", ("经度", "lng", "longitude", "long"), "number", required=True)
LAT = Column("lat", ("纬度", "latitude"), "number", required=True)
PHONE = Column("phone", ("电话", "联系电话", "手机", "tel"))
SHIFT = Column("shift", ("班次", "班次时间"))
PLACE = (
    ID,
    NAME,
    Column("kind", ("类型", "类别"), "place_kind"),
    LON,
    LAT,
    Column("address", ("地址", "详细地址")),
    Column("access_point", ("停靠点", "停靠点编号", "卡口", "gate")),
    Column("contact", ("联系人",)),
    PHONE,
)
TARGET = (
    Column("target_s", ("送达时限(秒)",), "number"),
    Column("target_s", ("送达时限(分钟)", "送达时限", "target_min"), "number", factor=60),
)
SITE = (
    *PLACE,
    Column("receiving", ("接收时间", "开放时间", "时间", "服务时间", "采样时间", "hours", "receiving hours")),
    Column("finish_by_close", ("须在关门前卸完", "关门前完成"), "boolean"),
    Column("priority", ("优先级",), "number"),
    Column("required", ("必达",), "boolean"),
    Column("service_s", ("固定卸货时间(秒)", "固定卸货时间"), "number"),
    Column("service_per_crate_s", ("每箱卸货时间(秒)", "每箱卸货时间"), "number"),
    Column("households", ("户数",), "number"),
    Column("units", ("数量", "需求数量", "需求量"), "number"),
    Column("order", ("批次", "批次编号")),
    *TARGET,
    Column("zone", ("风险等级", "风险区", "防控区"), "zone"),
    Column("max_vehicles", ("最多车辆数",), "number"),
    Column("vehicles", ("指定车辆",), "names"),
    Column("not_vehicles", ("禁止车辆",), "names"),
    Column("prefer_vehicles", ("优先车辆",), "names"),
    Column("needs_pass", ("所需通行证",)),
    Column("longest_vehicle_m", ("限车长(米)", "限车长"), "number"),
)
ORDER_TIMES = (
    Column("order_at", ("下达时间", "调配时间", "指令时间"), "moment", required=True),
    *TARGET,
    Column("round_limit_s", ("轮次时限(秒)",), "number"),
    Column("round_limit_s", ("轮次时限(分钟)", "轮次时限", "round_limit_min"), "number", factor=60),
)

RESTRICTION = (
    ID,
    NAME,
    Column("source", ("来源", "依据")),
    Column("note", ("备注", "说明")),
    Column("from_at", ("开始时间", "生效时间", "起", "from"), "moment"),
    Column("to_at", ("结束时间", "截止时间", "止", "to"), "moment"),
    Column("exempt_orders", ("豁免批次",), "names"),
)
GEOMETRY = Column("geometry", ("图形", "范围", "wkt"), "geometry")
NEEDS_PASS = Column("needs_pass", ("须通行证", "需通行证"), "boolean")

RESTRICTIONS = ("closures", "checkpoints", "zones")
"""Lists that may also stand together in one, called restrictions, with the kind of each row in a column of its own."""

FORMS = (
    ListForm("orders", ("批次", "调配指令"), (ID, *ORDER_TIMES), "orders"),
    ListForm(
        "kinds",
        ("品类", "物资品类", "物资"),
        (
            ID,
            NAME,
            Column("kg", ("每件公斤", "每件重量(公斤)", "单件重量(公斤)"), "number"),
            Column("m3", ("每件立方米", "每件体积(立方米)", "单件体积(立方米)"), "number"),
            Column("crates", ("每件箱数", "单件箱数"), "number"),
            Column("apart", ("不可同车", "不得混装"), "names"),
        ),
        "kinds",
    ),
    ListForm(
        "access_points",
        ("停靠点", "卡口", "gates"),
        (ID, NAME, LON, LAT, Column("bays", ("车位数", "卸货位", "泊位数"), "number")),
        "access_points",
    ),
    ListForm(
        "depots",
        ("储备库", "仓库", "转运站"),
        (
            *PLACE,
            Column("opening", ("开放时间", "营业时间", "时间", "hours", "opening hours")),
            Column("loading_s", ("固定装车时间(秒)", "固定装车时间"), "number"),
            Column("loading_per_crate_s", ("每箱装车时间(秒)", "每箱装车时间"), "number"),
            Column("loading_bays", ("装车位", "装车位数"), "number"),
            Column("supplied_from", ("上级库", "上级储备库", "供货储备库")),
            Column("sorting_s", ("固定分拣时间(秒)", "固定分拣时间"), "number"),
            Column("sorting_s", ("固定分拣时间(分钟)", "sorting_min"), "number", factor=60),
            Column("sorting_per_crate_s", ("每箱分拣时间(秒)", "每箱分拣时间"), "number"),
        ),
        "depots",
        lines="stock",
    ),
    ListForm("sites", ("点位", "站点"), SITE, "sites", lines="demand"),
    ListForm(
        "drop_points",
        ("社区物资投放点", "物资投放点", "投放点"),
        SITE,
        "sites",
        MappingProxyType({"kind": PlaceKind.DROP_POINT.value}),
        lines="demand",
    ),
    ListForm(
        "sampling_sites",
        ("核酸采样点", "采样点"),
        SITE,
        "sites",
        MappingProxyType({"kind": PlaceKind.SAMPLING_SITE.value}),
        lines="demand",
    ),
    ListForm(
        "vehicles",
        ("车辆", "车队"),
        (
            Column("id", ("编号", "车牌", "车牌号", "车辆编号"), required=True),
            NAME,
            Column("kind", ("类型", "车型")),
            Column("count", ("数量", "辆数"), "number"),
            Column("depot", ("所属储备库", "储备库", "出发地点"), required=True),
            Column("end", ("返回地点", "返回储备库")),
            Column("capacity_kg", ("载重(公斤)", "载重", "载重公斤", "载重(kg)"), "number"),
            Column("capacity_m3", ("容积(立方米)", "容积", "容积(m3)"), "number"),
            Column("capacity_crates", ("载箱数", "箱数"), "number"),
            SHIFT,
            Column("fixed_cost_s", ("固定成本(秒)", "固定成本"), "number"),
            Column("max_loops", ("最多趟数",), "number"),
            Column("reload", ("可补货储备库", "补货储备库"), "names"),
            Column("breaks", ("休息", "休息时间", "break")),
            Column("passes", ("通行证",), "names"),
            Column("profile", ("通行方式", "道路车型", "road_profile"), "profile"),
            Column("height_m", ("车高(米)", "车高"), "number"),
            Column("width_m", ("车宽(米)", "车宽"), "number"),
            Column("length_m", ("车长(米)", "车长"), "number"),
            Column("weight_t", ("总重(吨)", "总重"), "number"),
            Column("axle_t", ("轴重(吨)", "轴重"), "number"),
            Column("hazmat", ("危险品", "载危险品"), "boolean"),
            Column("licence", ("准驾车型", "license")),
        ),
        "vehicles",
    ),
    ListForm(
        "drivers",
        ("司机", "驾驶员"),
        (
            Column("id", ("编号", "工号", "司机编号", "驾驶员编号"), required=True),
            NAME,
            SHIFT,
            Column("licences", ("准驾车型", "驾照", "licenses"), "names"),
            Column("known_sites", ("熟悉点位",), "names"),
            PHONE,
        ),
        "drivers",
    ),
    ListForm(
        "locks",
        ("锁定", "锁定清单"),
        (
            Column("visit", ("任务", "配送任务")),
            Column("vehicle", ("车辆", "车辆编号")),
            Column("position", ("位置", "站序"), "number"),
            Column("route", ("线路", "整条线路")),
        ),
        "locks",
    ),
    ListForm("restrictions", ("限制", "交通限制", "道路限制"), (), "closures"),
    ListForm(
        "closures",
        ("封闭", "道路封闭", "封路", "closure"),
        (
            *RESTRICTION,
            Column("road", ("道路", "路名", "道路名称")),
            Column("from_lon", ("起点经度",), "number"),
            Column("from_lat", ("起点纬度",), "number"),
            Column("to_lon", ("终点经度",), "number"),
            Column("to_lat", ("终点纬度",), "number"),
            GEOMETRY,
            Column("spares_holders", ("凭证可通行",), "boolean"),
        ),
        "closures",
    ),
    ListForm(
        "checkpoints",
        ("检查点", "检查站", "checkpoint"),
        (
            *RESTRICTION,
            LON,
            LAT,
            Column("delay_s", ("延误(秒)",), "number"),
            Column("delay_s", ("延误(分钟)", "延误", "delay_min"), "number", factor=60),
            Column("opening", ("开放时间", "时间", "hours", "opening hours")),
            NEEDS_PASS,
            Column("lets_through", ("认可通行证", "放行"), "names"),
        ),
        "checkpoints",
    ),
    ListForm(
        "zones",
        ("防控区", "风险区", "zone"),
        (
            *RESTRICTION,
            Column("level", ("风险等级", "等级", "级别"), "zone", required=True),
            replace(GEOMETRY, required=True),
            NEEDS_PASS,
            Column("gates", ("卡口", "出入口"), "points"),
        ),
        "zones",
    ),
    ListForm(
        "passes",
        ("通行证", "通行证清单"),
        (
            Column("number", ("证号", "通行证号", "编号")),
            Column("vehicle", ("车辆", "车辆编号", "车牌", "车牌号"), required=True),
            Column("places", ("适用范围", "防控区", "区域", "道路"), "names", required=True),
            Column("valid_from", ("生效时间", "开始时间", "起"), "moment"),
            Column("valid_to", ("失效时间", "结束时间", "截止时间", "止"), "moment"),
        ),
        "passes",
    ),
    ListForm(
        "hour_factors",
        ("hours", "分时系数", "小时系数", "路况系数"),
        (
            Column("road_class", ("道路等级", "class"), required=True),
            Column("hour", ("小时", "时"), "number", required=True),
            Column("factor", ("系数", "用时系数"), "number", required=True),
        ),
        "hour_factors",
    ),
    ListForm(
        "stock",
        ("库存", "库存清单"),
        (
            Column("depot", ("储备库", "储备库编号", "编号"), required=True),
            Column("kind", ("品类", "品类编号"), required=True),
            Column("units", ("数量", "库存数量", "件数"), "number", required=True),
        ),
        "stock",
    ),
    ListForm(
        "demands",
        ("需求", "需求清单"),
        (
            Column("site", ("点位编号", "点位", "编号"), required=True),
            Column("kind", ("品类", "品类编号"), required=True),
            Column("units", ("数量", "需求数量", "件数"), "number", required=True),
            Column("order", ("批次", "批次编号")),
        ),
        "demands",
    ),
)


def form_named(name: str) -> ListForm | None:
    """The list that a file or a sheet of this name holds, if any."""
    return next((form for form in FORMS if form.is_named(name)), None)
