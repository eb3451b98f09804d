"""Generates images and a document for the demo data, so that the repository contains no binary files."""

import io
from collections.abc import Callable

from PIL import Image, ImageDraw

_SIZE = (960, 720)
Colour = tuple[int, int, int]


def demo_image(name: str) -> bytes:
    """An image as PNG; `name` is a key of `_DRAWINGS`."""
    buffer = io.BytesIO()
    _DRAWINGS[name]().save(buffer, "PNG")
    return buffer.getvalue()


def demo_document(text: str) -> bytes:
    """A one-page PDF with a line of text."""
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    out = bytearray(b"%PDF-1.4\n")
    starts = []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % start for start in starts)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _blend(start: Colour, end: Colour, fraction: float) -> Colour:
    red, green, blue = (round(a + (b - a) * fraction) for a, b in zip(start, end, strict=True))
    return red, green, blue


def _tiles(start: Colour, end: Colour, *, side: int, grout: Colour = (236, 233, 226)) -> Image.Image:
    image = Image.new("RGB", _SIZE, grout)
    draw = ImageDraw.Draw(image)
    for row in range(_SIZE[1] // side + 1):
        for column in range(-1, _SIZE[0] // side + 1):
            left = column * side + (side // 2 if row % 2 else 0)
            shade = _blend(start, end, ((row * 7 + column * 13) % 11) / 10)
            draw.rounded_rectangle((left + 4, row * side + 4, left + side - 4, row * side + side - 4), 6, fill=shade)
    return image


def _wall() -> Image.Image:
    image = Image.new("RGB", _SIZE)
    draw = ImageDraw.Draw(image)
    for y in range(_SIZE[1]):
        draw.line((0, y, _SIZE[0], y), fill=_blend((226, 219, 208), (198, 189, 176), y / _SIZE[1]))
    draw.rectangle((0, 520, 960, 720), fill=(120, 104, 88))
    draw.rounded_rectangle((300, 380, 660, 720), 14, fill=(58, 62, 66))
    draw.rounded_rectangle((336, 470, 624, 680), 10, fill=(34, 37, 40))
    for index in range(4):
        draw.ellipse((352 + index * 70, 408, 388 + index * 70, 444), fill=(196, 200, 204))
    return image


def _floor() -> Image.Image:
    image = _tiles((88, 134, 112), (122, 166, 142), side=120)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 960, 190), fill=(238, 233, 224))
    draw.rectangle((0, 176, 960, 200), fill=(255, 255, 252))
    draw.rounded_rectangle((640, 20, 880, 176), 8, fill=(197, 222, 236))
    draw.line((760, 20, 760, 176), fill=(255, 255, 255), width=8)
    return image


def _table() -> Image.Image:
    image = Image.new("RGB", _SIZE, (222, 226, 228))
    draw = ImageDraw.Draw(image)
    for y in range(200, 720):
        draw.line((0, y, 960, y), fill=_blend((176, 124, 78), (140, 92, 54), ((y * 13) % 29) / 28))
    draw.line((180, 330, 470, 372), fill=(226, 196, 160), width=5)
    draw.line((520, 410, 700, 424), fill=(226, 196, 160), width=4)
    return image


_DRAWINGS: dict[str, Callable[[], Image.Image]] = {
    "wall": _wall,
    "green": lambda: _tiles((72, 122, 98), (112, 160, 132), side=160),
    "sand": lambda: _tiles((214, 190, 154), (232, 214, 184), side=160),
    "floor": _floor,
    "table": _table,
}
