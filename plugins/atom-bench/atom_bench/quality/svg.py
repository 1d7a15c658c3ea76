"""Small plots as inline SVG.

Not by matplotlib: a page is one file that loads nothing, is made on machines where only Atom is installed, and needs
three plain plots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#2a6f97", "#e07a2f")
_TEXT = 'font-family="system-ui, sans-serif" font-size="12" fill="#333"'


def bars(title: str, rows: Sequence[tuple[str, Sequence[float]]], names: Sequence[str], *, most: float = 100.0) -> str:
    """Horizontal bars, one for each name in each row."""
    left, width, thick = 150, 320, 14
    height = thick * len(names) + 8
    parts = []
    for row, (label, values) in enumerate(rows):
        top = 30 + row * height
        parts.append(f'<text x="{left - 8}" y="{top + height / 2}" text-anchor="end" {_TEXT}>{escape(label)}</text>')
        for number, value in enumerate(values):
            y = top + number * thick
            long = max(0.0, min(value / most, 1.0)) * width
            parts.append(f'<rect x="{left}" y="{y}" width="{long:.1f}" height="{thick - 3}" fill="{COLOURS[number]}"/>')
            parts.append(f'<text x="{left + long + 5:.1f}" y="{y + thick - 4}" {_TEXT}>{value:.1f}</text>')
    return _frame(title, left + width + 60, 30 + height * len(rows) + 10, parts, names)


def histogram(title: str, counted: Mapping[str, Sequence[int]], labels: Sequence[str]) -> str:
    """Upright bars over `labels`; `counted` has a row for each name."""
    left, base, high = 30, 170, 130
    step = 440 / max(len(labels), 1)
    most = max((value for row in counted.values() for value in row), default=0) or 1
    parts = []
    for place, label in enumerate(labels):
        x = left + place * step
        for number, row in enumerate(counted.values()):
            tall = row[place] / most * high
            wide = 0.8 * step / len(counted)
            parts.append(
                f'<rect x="{x + number * wide:.1f}" y="{base - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}"'
                f' fill="{COLOURS[number]}"><title>{row[place]}</title></rect>'
            )
        parts.append(
            f'<text x="{x + 0.4 * step:.1f}" y="{base + 15}" text-anchor="middle" {_TEXT}>{escape(label)}</text>'
        )
    return _frame(title, 490, base + 30, parts, list(counted))


def reliability(title: str, curves: Mapping[str, Sequence[tuple[float, float, int]]]) -> str:
    """Share of right answers over confidence; the diagonal is perfect. A point's size grows with its items."""
    left, base, side = 45, 250, 210
    parts = [
        f'<rect x="{left}" y="{base - side}" width="{side}" height="{side}" fill="none" stroke="#bbb"/>',
        f'<line x1="{left}" y1="{base}" x2="{left + side}" y2="{base - side}" stroke="#bbb" stroke-dasharray="4"/>',
        f'<text x="{left + side / 2}" y="{base + 28}" text-anchor="middle" {_TEXT}>confidence</text>',
        f'<text x="{left - 6}" y="{base - side + 10}" text-anchor="end" {_TEXT}>right</text>',
    ]
    for number, points in enumerate(curves.values()):
        most = max((count for _, _, count in points), default=1)
        for confidence, share, count in points:
            x, y = left + confidence * side, base - share * side
            size = 3 + 6 * (count / most) ** 0.5
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{COLOURS[number]}" fill-opacity="0.7">'
                f"<title>{count} answers, confidence {confidence:.2f}, right {share:.2f}</title></circle>"
            )
    return _frame(title, left + side + 60, base + 40, parts, list(curves))


def _frame(title: str, width: float, height: float, parts: Sequence[str], names: Sequence[str]) -> str:
    legend = "".join(
        f'<tspan fill="{COLOURS[number]}" dx="8">&#9632; {escape(name)}</tspan>' for number, name in enumerate(names)
    )
    head = f'<tspan font-weight="bold">{escape(title)}</tspan>{legend if len(names) > 1 else ""}'
    shown = f'<text x="4" y="16" {_TEXT}>{head}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
        f' height="{height:.0f}">{shown}{"".join(parts)}</svg>'
    )
