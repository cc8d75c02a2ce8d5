"""Pictures drawn by ourselves: a cover for every campaign, and illustrations for demonstrations.

A picture is a list of flat shapes on a field of 640 × 360, the same for SVG and PNG. It depends on the theme
and a seed alone, so the same campaign always has the same face.
"""

import hashlib
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from cishan.campaigns.rules import Theme

WIDTH, HEIGHT = 640, 360
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shape:
    """A polygon, or an ellipse when it is given by two corners, filled or as a stroke."""

    kind: str
    """polygon, ellipse or line"""
    points: tuple[Point, ...]
    colour: str
    width: int = 0


PALETTES: dict[str, tuple[str, str, str, str, str]] = {
    Theme.HARDSHIP: ("#fbe3cf", "#f6c79b", "#e39a63", "#b5301c", "#fffdf8"),
    Theme.PUBLIC_GOOD: ("#dfe8f1", "#b8cfe2", "#7f9fbf", "#2b4c70", "#ffd98a"),
    Theme.EDUCATION: ("#e4f0e4", "#bcdcc4", "#83b795", "#2d6a4f", "#fffdf8"),
    Theme.MEDICAL_CARE: ("#fde5e0", "#f7bfb3", "#e58877", "#a1201b", "#fffdf8"),
    Theme.WARM_WINTER: ("#e3ecf5", "#c3d6ea", "#94b2d2", "#8f2413", "#ffffff"),
    Theme.WISHES: ("#fff0cf", "#ffdb93", "#f0b14f", "#a8480f", "#fffdf8"),
    Theme.EMERGENCY: ("#fce0d2", "#f5b394", "#e07e52", "#8f2413", "#fff6e4"),
    Theme.PAIRING: ("#efe6f2", "#d3bfdc", "#a988b8", "#5b3a6e", "#fffdf8"),
}
"""Sky, far hills, near hills, the thing itself, light."""


def scene(theme: str, seed: str) -> list[Shape]:
    """Return the picture of a theme; the seed moves sun and hills and the size of the thing."""
    digest = hashlib.sha256(seed.encode()).digest()
    sky, far, near, ink, light = PALETTES[Theme(theme)]
    sun_x, sun_y, sun = 90 + digest[0] * 460 // 255, 60 + digest[1] * 50 // 255, 34 + digest[2] % 18
    shapes = [
        _box(0, 0, WIDTH, HEIGHT, sky),
        Shape("ellipse", ((sun_x - sun, sun_y - sun), (sun_x + sun, sun_y + sun)), light),
        _hill(far, 190, digest[3:9], 44),
        _hill(near, 248, digest[9:15], 34),
    ]
    x = 250 + digest[15] * 140 // 255
    shapes += _MOTIFS[Theme(theme)](x, ink, light, near)
    shapes += [_box(0, 338, WIDTH, HEIGHT, ink)]
    rods = 3 + digest[16] % 4
    shapes += [Shape("line", ((28 + i * 16, 346), (28 + i * 16, 354)), light, 5) for i in range(rods)]
    return shapes


def _box(left: int, top: int, right: int, bottom: int, colour: str) -> Shape:
    return Shape("polygon", ((left, top), (right, top), (right, bottom), (left, bottom)), colour)


def _hill(colour: str, base: int, heights: bytes, swing: int) -> Shape:
    knots = [base - h * swing // 255 for h in heights]
    crest = tuple(_smooth(knots))
    return Shape("polygon", ((0, HEIGHT), *crest, (WIDTH, HEIGHT)), colour)


def _smooth(knots: list[int]) -> Iterator[Point]:
    step = WIDTH // (len(knots) - 1)
    for n, (left, right) in enumerate(itertools.pairwise(knots)):
        for part in range(8):
            weight = part * part * (24 - 2 * part)  # eased: 3t² − 2t³ with t = part/8, in 1/512
            yield n * step + part * step // 8, left + (right - left) * weight // 512
    yield WIDTH, knots[-1]


def _bowl(x: int, ink: str, light: str, _: str) -> list[Shape]:
    half = tuple((x + dx, 238 + dy) for dx, dy in _ARC)
    steam = [
        Shape("line", ((x + d, 222), (x + d - 8, 200), (x + d + 6, 178), (x + d, 156)), light, 7)
        for d in (-42, 0, 42)
    ]
    return [
        *steam,
        Shape("polygon", half, ink),
        Shape("polygon", ((x - 40, 318), (x + 40, 318), (x + 48, 334), (x - 48, 334)), ink),
        Shape("line", ((x - 96, 240), (x + 96, 240)), light, 8),
    ]


_ARC = (
    (-104, 0), (-100, 22), (-88, 44), (-70, 62), (-46, 75), (-16, 82),
    (16, 82), (46, 75), (70, 62), (88, 44), (100, 22), (104, 0),
)  # fmt: skip


def _lamp(x: int, ink: str, light: str, _: str) -> list[Shape]:
    return [
        Shape("polygon", ((x + 66, 132), (x + 6, 338), (x + 190, 338)), light),
        Shape("line", ((x, 338), (x, 116), (x + 20, 98), (x + 66, 98)), ink, 12),
        Shape("polygon", ((x + 44, 96), (x + 96, 96), (x + 84, 124), (x + 52, 124)), ink),
    ]


def _book(x: int, ink: str, light: str, near: str) -> list[Shape]:
    return [
        Shape("polygon", ((x, 226), (x - 120, 200), (x - 120, 306), (x, 334)), light),
        Shape("polygon", ((x, 226), (x + 120, 200), (x + 120, 306), (x, 334)), light),
        Shape("line", ((x, 226), (x, 334)), ink, 7),
        Shape("line", ((x - 120, 200), (x, 226), (x + 120, 200)), ink, 7),
        *[Shape("line", ((x - 96, y), (x - 26, y + 15)), near, 5) for y in (228, 250, 272)],
        *[Shape("line", ((x + 96, y), (x + 26, y + 15)), near, 5) for y in (228, 250, 272)],
        Shape("polygon", ((x + 34, 186), (x + 112, 84), (x + 132, 100), (x + 54, 200), (x + 30, 206)), ink),
    ]


def _heart(x: int, ink: str, light: str, _: str) -> list[Shape]:
    outline = ((0, 330), (-70, 268), (-88, 226), (-82, 192), (-56, 172), (-26, 176), (0, 204),
               (26, 176), (56, 172), (82, 192), (88, 226), (70, 268))  # fmt: skip
    return [
        Shape("polygon", tuple((x + dx, dy) for dx, dy in outline), ink),
        _box(x - 12, 212, x + 12, 284, light),
        _box(x - 36, 236, x + 36, 260, light),
    ]


def _snowy_house(x: int, ink: str, light: str, _: str) -> list[Shape]:
    flakes = [
        (60, 70),
        (150, 120),
        (240, 50),
        (330, 96),
        (420, 60),
        (520, 130),
        (590, 80),
        (100, 180),
        (560, 196),
    ]
    return [
        *[Shape("ellipse", ((a - 5, b - 5), (a + 5, b + 5)), light) for a, b in flakes],
        _box(x - 78, 246, x + 78, 338, light),
        Shape("polygon", ((x - 104, 252), (x, 168), (x + 104, 252)), ink),
        Shape(
            "polygon",
            ((x - 104, 252), (x, 168), (x + 104, 252), (x + 82, 252), (x, 188), (x - 82, 252)),
            light,
        ),
        _box(x - 18, 284, x + 18, 338, ink),
        _box(x + 34, 272, x + 62, 300, "#ffd98a"),
    ]


def _star(x: int, ink: str, light: str, _: str) -> list[Shape]:
    outline = (
        (0, -92),
        (23, -32),
        (88, -28),
        (37, 12),
        (54, 74),
        (0, 38),
        (-54, 74),
        (-37, 12),
        (-88, -28),
        (-23, -32),
    )
    return [
        Shape("polygon", tuple((x + dx, 238 + dy) for dx, dy in outline), ink),
        Shape("line", ((x - 150, 328), (x - 104, 300), (x - 84, 268)), light, 6),
        Shape("polygon", ((x + 112, 150), (x + 214, 116), (x + 150, 204), (x + 146, 168)), light),
        Shape("line", ((x + 214, 116), (x + 146, 168)), ink, 4),
    ]


def _umbrella(x: int, ink: str, light: str, near: str) -> list[Shape]:
    dome = tuple((x + dx, 250 - dy) for dx, dy in _ARC)
    rain = [
        Shape("line", ((a, 60 + b), (a - 12, 92 + b)), near, 5)
        for a, b in ((70, 10), (140, 60), (500, 20), (570, 70))
    ]
    return [
        *rain,
        Shape("polygon", dome, ink),
        Shape("line", ((x, 250), (x, 316), (x + 10, 328), (x + 26, 324)), ink, 9),
        Shape("ellipse", ((x - 62, 270), (x - 30, 302)), light),
        Shape("polygon", ((x - 76, 338), (x - 64, 306), (x - 28, 306), (x - 16, 338)), light),
        Shape("ellipse", ((x + 40, 284), (x + 64, 308)), light),
        Shape("polygon", ((x + 30, 338), (x + 38, 312), (x + 66, 312), (x + 74, 338)), light),
    ]


def _trees(x: int, ink: str, light: str, _: str) -> list[Shape]:
    return [
        Shape("line", ((x - 64, 338), (x - 64, 240)), ink, 12),
        Shape("ellipse", ((x - 128, 142), (x, 266)), ink),
        Shape("line", ((x + 74, 338), (x + 74, 276)), ink, 10),
        Shape("ellipse", ((x + 28, 208), (x + 120, 296)), light),
    ]


_MOTIFS = {
    Theme.HARDSHIP: _bowl,
    Theme.PUBLIC_GOOD: _lamp,
    Theme.EDUCATION: _book,
    Theme.MEDICAL_CARE: _heart,
    Theme.WARM_WINTER: _snowy_house,
    Theme.WISHES: _star,
    Theme.EMERGENCY: _umbrella,
    Theme.PAIRING: _trees,
}


def svg(theme: str, seed: str) -> str:
    """Return the picture as an SVG document without styles and scripts."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' width="{WIDTH}" height="{HEIGHT}">'
    ]
    for shape in scene(theme, seed):
        points = " ".join(f"{x},{y}" for x, y in shape.points)
        if shape.kind == "polygon":
            parts.append(f'<polygon points="{points}" fill="{shape.colour}"/>')
        elif shape.kind == "line":
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{shape.colour}"'
                f' stroke-width="{shape.width}" stroke-linecap="round" stroke-linejoin="round"/>'
            )
        else:
            (left, top), (right, bottom) = shape.points
            parts.append(
                f'<ellipse cx="{(left + right) // 2}" cy="{(top + bottom) // 2}"'
                f' rx="{(right - left) // 2}" ry="{(bottom - top) // 2}" fill="{shape.colour}"/>'
            )
    return "".join([*parts, "</svg>"])


def image(theme: str, seed: str, *, width: int = 1280) -> Image.Image:
    """Return the picture in pixels, with smooth edges."""
    scale = 2 * width // WIDTH
    canvas = Image.new("RGB", (WIDTH * scale, HEIGHT * scale))
    draw = ImageDraw.Draw(canvas)
    for shape in scene(theme, seed):
        points = [(x * scale, y * scale) for x, y in shape.points]
        if shape.kind == "polygon":
            draw.polygon(points, fill=shape.colour)
        elif shape.kind == "ellipse":
            draw.ellipse([points[0], points[1]], fill=shape.colour)
        else:
            draw.line(points, fill=shape.colour, width=shape.width * scale, joint="curve")
            radius = shape.width * scale // 2
            for x, y in (points[0], points[-1]):
                draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=shape.colour)
    return canvas.resize((width, width * HEIGHT // WIDTH), Image.Resampling.LANCZOS)


def png(theme: str, seed: str, *, width: int = 1280) -> bytes:
    """Return the picture as a PNG file."""
    out = io.BytesIO()
    image(theme, seed, width=width).save(out, "PNG", optimize=False)
    return out.getvalue()
