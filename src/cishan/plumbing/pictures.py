"""Pictures that people send: drawn anew, so that neither position data nor anything hidden survives."""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

MAX_BYTES = 10_000_000
MAX_PIXELS = 40_000_000
MAX_SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 84
Image.MAX_IMAGE_PIXELS = None
"""The library's own limit warns, which a thread cannot turn into a refusal; ours below refuses."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as we keep it."""

    data: bytes
    content_type: str
    width: int
    height: int


def draw_anew(data: bytes, *, max_side: int = MAX_SIDE) -> Picture:
    """Return a JPEG of the picture in the bytes, upright, without EXIF, no side above `max_side` pixels.

    What the bytes are is told by themselves, not by a name. Raise Invalid for anything that is no picture.
    """
    if len(data) > MAX_BYTES:
        raise Invalid(
            N_("A picture may have {limit} MB at most."), field="photos", limit=MAX_BYTES // 1_000_000
        )
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as sent:
            if sent.width * sent.height > MAX_PIXELS:
                raise Invalid(N_("This picture has too many pixels."), field="photos")
            sent.draft("RGB", (max_side, max_side))  # a large JPEG is unpacked at half, a quarter, an eighth
            upright = ImageOps.exif_transpose(sent)
            upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
            flat = _on_white(upright)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Invalid(N_("Send pictures as JPEG, PNG or WebP."), field="photos") from None
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return Picture(out.getvalue(), "image/jpeg", flat.width, flat.height)


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        with_alpha = picture.convert("RGBA")
        ground = Image.new("RGB", with_alpha.size, "white")
        ground.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return ground
    return picture.convert("RGB")
