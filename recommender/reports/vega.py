"""Plots as Vega-Lite specifications: plain data, drawn in the browser by `charts.js`.

Rows are dicts; `low` and `high` are the bounds of `value`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Spec = dict[str, Any]
Rows = Sequence[dict[str, Any]]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
ROW_HEIGHT = 24  # pixels
CURVE_HEIGHT = 220
TOOLTIP = ("value", "low", "high")


def dots(rows: Rows, *, axis: str, names: Sequence[str], zero: bool = False) -> Spec:
    """A dot with its interval for each `name`; with `zero`, a line at zero.

    `names` fixes the colours, so that a name has the same colour in every plot.
    """
    y = {"field": "name", "type": "nominal", "sort": None, "title": None}
    colour = {"field": "name", "scale": {"domain": list(names)}, "legend": None}
    # The axis covers the values; it need not include zero.
    x: Spec = {"field": "value", "type": "quantitative", "title": axis}
    x |= {"scale": {"zero": False}, "axis": {"tickCount": 5}}
    each = {"y": y, "color": colour | {"type": "nominal"}, "tooltip": _tooltip("name")}
    interval = {"x": x | {"field": "low"}, "x2": {"field": "high"}}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": each | interval},
        {
            "mark": {"type": "point", "filled": True, "size": 70},
            "encoding": each | {"x": x},
        },
    ]
    if zero:
        rule = {"type": "rule", "strokeDash": [3, 3]}
        layers.append({"mark": rule, "encoding": {"x": {"datum": 0}}})
    return _spec(rows, height=ROW_HEIGHT * len(rows), layer=layers)


def lines(
    rows: Rows, *, x: str, x_title: str, y_title: str, ordinal: bool = False
) -> Spec:
    """A line for each `name` over `x`, in a band where rows have `low` and `high`."""
    across: Spec = {"field": x, "title": x_title}
    across |= (
        {"type": "ordinal", "sort": None, "axis": {"labelAngle": 0}}
        if ordinal
        else {"type": "quantitative", "axis": {"tickMinStep": 1}}
    )
    up: Spec = {"field": "value", "type": "quantitative", "title": y_title}
    layers: list[Spec] = [
        {"mark": {"type": "line", "point": True}, "encoding": {"y": up}}
    ]
    if any("low" in row for row in rows):
        band = {"y": up | {"field": "low"}, "y2": {"field": "high"}}
        mark = {"type": "area", "opacity": 0.15}
        layers.insert(0, {"mark": mark, "encoding": band})
    return _spec(
        rows,
        height=CURVE_HEIGHT,
        encoding={
            "x": across,
            "color": _colour(),
            "tooltip": _tooltip("name", x),
        },
        layer=layers,
    )


def shares(rows: Rows, *, axis: str) -> Spec:
    """A row for each `group`, in it a mark for the `value` of each `name`."""
    return _spec(
        rows,
        height=ROW_HEIGHT * len({row["group"] for row in rows}),
        mark={"type": "point", "filled": True, "size": 70, "opacity": 0.85},
        encoding={
            "y": {"field": "group", "type": "nominal", "sort": None, "title": None},
            "x": {
                "field": "value",
                "type": "quantitative",
                "title": axis,
                "axis": {"format": "%", "tickCount": 5},
            },
            "color": _colour(),
            "shape": {"field": "name", "type": "nominal", "sort": None},
            "tooltip": _tooltip("group", "name"),
        },
    )


def band(rows: Rows, *, x_title: str, y_title: str, planned: int) -> Spec:
    """An interval by the number of people; lines at zero and at the planned size."""
    y: Spec = {"field": "value", "type": "quantitative", "title": y_title}
    spec = _spec(
        rows,
        height=CURVE_HEIGHT,
        encoding={
            "x": {"field": "people", "type": "quantitative", "title": x_title},
            "tooltip": _tooltip("people"),
        },
        layer=[
            {
                "mark": {"type": "area", "opacity": 0.25},
                "encoding": {"y": y | {"field": "low"}, "y2": {"field": "high"}},
            },
            {"mark": "line", "encoding": {"y": y}},
        ],
    )
    rule = {"type": "rule", "strokeDash": [3, 3]}
    marks: list[Spec] = [
        {"mark": rule, "encoding": {axis: {"datum": place}}}
        for axis, place in (("y", 0), ("x", planned))
    ]
    # A mark is drawn for each row of the enclosing data: here only once.
    return _spec(({},), height=CURVE_HEIGHT, layer=[_part(spec), *marks])


def _spec(rows: Rows, **rest: Any) -> Spec:
    return {
        "$schema": SCHEMA,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": list(rows)},
        **rest,
    }


def _part(spec: Spec) -> Spec:
    """A specification as a layer of another."""
    outer = ("$schema", "width", "height", "autosize")
    return {name: value for name, value in spec.items() if name not in outer}


def _colour() -> Spec:
    legend: Spec = {"orient": "top", "title": None, "columns": 2, "symbolOpacity": 1}
    legend |= {"labelLimit": 230}
    return {"field": "name", "type": "nominal", "sort": None, "legend": legend}


def _tooltip(*names: str) -> list[Spec]:
    return [
        *({"field": name, "type": "nominal"} for name in names),
        *({"field": name, "type": "quantitative", "format": ".4f"} for name in TOOLTIP),
    ]
