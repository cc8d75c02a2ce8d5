"""QR codes that phones read: never the micro ones, which only scanners know."""

import io

import segno
from markupsafe import Markup


def code(text: str) -> segno.QRCode:
    """Return the code of a text, to be drawn as its place wants it."""
    return segno.make(text, error="m", micro=False)


def svg(text: str, *, border: int = 0) -> str:
    """Return the code as SVG for a paper; `border` counts modules, and labels have a rim of their own."""
    picture = io.BytesIO()
    code(text).save(picture, kind="svg", border=border, xmldecl=False, svgclass=None, lineclass=None)
    return picture.getvalue().decode()


def inline(text: str) -> Markup:
    """Return the code as a drawing within a page."""
    how = {"svgclass": "qr", "lineclass": None, "omitsize": True, "light": "white"}
    drawn = code(text).svg_inline(scale=4, border=2, **how)
    return Markup(drawn)  # noqa: S704 - drawn by segno, which lets no text through
