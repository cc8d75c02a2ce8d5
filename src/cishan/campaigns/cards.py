"""The share card of a campaign: what messengers show when somebody passes the link on."""

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from cishan.campaigns import artwork
from cishan.plumbing import qr
from cishan.plumbing.web import FRONTEND

SIZE = (1200, 630)
_PAPER, _INK, _SOFT, _ACCENT, _LINE = "#fbf6ec", "#261c14", "#5f5042", "#b5301c", "#e5d9c6"
_MARGIN = 56
_COVER_WIDTH = 520


@cache
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    name = "NotoSansSC-Bold.ttf" if bold else "NotoSansSC-Regular.ttf"
    return ImageFont.truetype(str(FRONTEND / "fonts" / name), size)


def card(
    *, theme: str, slug: str, title: str, organisation: str, figures: str, percent: int, url: str
) -> bytes:
    """Return the card as a PNG of 1200 × 630; long titles are broken into three lines at most."""
    canvas = Image.new("RGB", SIZE, _PAPER)
    draw = ImageDraw.Draw(canvas)
    cover = artwork.image(theme, slug, width=1280).resize((1120, 630), Image.Resampling.LANCZOS)
    canvas.paste(cover.crop((300, 0, 300 + _COVER_WIDTH, 630)), (0, 0))
    left, right = _COVER_WIDTH + _MARGIN, SIZE[0] - _MARGIN
    draw.text((left, 56), organisation, font=_font(26, bold=False), fill=_SOFT)
    bottom = 112
    for line in wrap(title, _font(52, bold=True), right - left, lines=3):
        draw.text((left, bottom), line, font=_font(52, bold=True), fill=_INK)
        bottom += 70
    bar = bottom + 28
    draw.rounded_rectangle((left, bar, right, bar + 18), 9, fill=_LINE)
    filled = (right - left) * min(percent, 100) // 100
    if filled:
        draw.rounded_rectangle((left, bar, left + max(filled, 18), bar + 18), 9, fill=_ACCENT)
    draw.text((left, bar + 34), figures, font=_font(30, bold=True), fill=_ACCENT)
    code = _qr(url, 170)
    canvas.paste(code, (right - code.width, SIZE[1] - 48 - code.height))
    draw.text((left, SIZE[1] - 48 - 34), "慈善筹", font=_font(30, bold=True), fill=_INK)
    out = io.BytesIO()
    canvas.save(out, "PNG")
    return out.getvalue()


def wrap(text: str, font: ImageFont.FreeTypeFont, width: int, *, lines: int) -> list[str]:
    """Return the text broken to fit the width; what does not fit into so many lines ends in dots."""
    rows = [""]
    for character in text:
        if font.getlength(rows[-1] + character) > width:
            rows.append("" if character == " " else character)
        else:
            rows[-1] += character
    if len(rows) > lines:
        rows = rows[:lines]
        rows[-1] = rows[-1][:-1] + "…"
    return rows


def _qr(url: str, side: int) -> Image.Image:
    code = qr.code(url)
    scale = max(1, side // code.symbol_size(border=2)[0])  # whole pixels, or telephones misread it
    out = io.BytesIO()
    code.save(out, kind="png", scale=scale, border=2, dark=_INK, light="#ffffff")
    return Image.open(out).convert("RGB")


def qr_svg(url: str) -> bytes:
    """Return a QR code that every telephone reads, as SVG."""
    out = io.BytesIO()
    qr.code(url).save(out, kind="svg", scale=6, border=3, dark="#261c14", light="#ffffff")
    return out.getvalue()
