"""Pictures that people send: drawn anew, so that neither position data nor anything hidden survives."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

MAX_BYTES = 8_000_000
MAX_PIXELS = 40_000_000
MAX_SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 84


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as we keep it."""

    data: bytes
    content_type: str
    width: int
    height: int


def draw_anew(data: bytes) -> Picture:
    """Return a JPEG of the picture in the bytes, upright, at most 1600 pixels wide or high, without EXIF.

    What the bytes are is told by themselves, not by a name. Raise Invalid for anything that is no picture.
    """
    if len(data) > MAX_BYTES:
        raise Invalid(
            N_("A picture may have {limit} MB at most."), field="photos", limit=MAX_BYTES // 1_000_000
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as sent:
                if sent.width * sent.height > MAX_PIXELS:
                    raise Invalid(N_("This picture has too many pixels."), field="photos")
                upright = ImageOps.exif_transpose(sent)
                upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
                flat = _on_white(upright)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
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
