"""Drawings that stand for signatures and photos in a demonstration."""

import io

from PIL import Image, ImageDraw


def signature() -> bytes:
    """Return a scribble that is nobody's name, as a canvas sends it."""
    picture = Image.new("RGB", (600, 220), "white")
    points = [(40 + step * 20, 110 + (-1) ** step * (20 + step * 7 % 50)) for step in range(26)]
    ImageDraw.Draw(picture).line(points, fill="#1c2733", width=5, joint="curve")
    return _png(picture)


def damaged_box() -> bytes:
    """Return a box with a torn corner, drawn."""
    picture = Image.new("RGB", (800, 600), "#e9e4da")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((180, 180, 620, 500), fill="#c49a6c", outline="#7a5a36", width=6)
    pen.line((180, 300, 620, 300), fill="#7a5a36", width=4)
    pen.polygon(((520, 180), (620, 180), (620, 290), (580, 240), (560, 262)), fill="#e9e4da")
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
