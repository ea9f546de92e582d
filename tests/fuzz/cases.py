"""Seeded cases: what is read, and what may come of it."""

import hashlib
import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

import segcap
from segcap.core.bundle import bundle_path
from segcap.core.errors import BundleError, ImageError, ParameterError
from segcap.core.reading import Reading

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
FORMATS = {
    "PNG": [{}, {"optimize": True}],
    "JPEG": [{}, {"progressive": True}],
    "BMP": [{}],
    "TIFF": [{}, *({"compression": kind} for kind in ("tiff_lzw", "tiff_adobe_deflate", "jpeg"))],
    "GIF": [{}],
    "WEBP": [{}, {"lossless": True}],
    "PPM": [{}],
}
MODES = ("RGB", "L", "P", "1", "RGBA", "LA", "I;16", "CMYK")
STATUSES = ("ok", "rejected", "empty", "unreadable")
READABLE = ("digits", "digit-sum", "six-char", "any")
"""Readers that see whatever could be loaded: cut, whole, and with places."""
INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 2**32 - 1)


def encoded_samples():
    """Real images, small ones, in every format, mode and compression that Pillow writes."""
    names = sorted(SAMPLES.glob("*.png"))[::12]
    found = []
    for path in names:
        with Image.open(path) as image:
            small = image.convert("RGB").resize((image.width // 2, image.height // 2))
        for file_format, ways in FORMATS.items():
            for mode in MODES:
                for options in ways:
                    if options.get("compression") == "jpeg" and mode not in ("RGB", "L"):
                        continue
                    buffer = io.BytesIO()
                    try:
                        small.convert(mode).save(buffer, file_format, **options)
                    except (OSError, ValueError, KeyError):
                        continue
                    found.append(buffer.getvalue())
    return found


def mutated(data, rng):
    """Change some bytes: flip, overwrite with edge values, cut, repeat, insert, swap."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not data:
            break
        place = rng.randrange(min(len(data), rng.choice((64, 512, len(data)))))
        kind = rng.randrange(8)
        if kind == 0:
            data[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[place] = rng.randrange(256)
        elif kind == 2:
            order = rng.choice("<>")
            value = rng.choice(INTERESTING)
            width = rng.choice("BHI")
            value &= 256 ** struct.calcsize(width) - 1
            packed = struct.pack(order + width, value)
            data[place : place + len(packed)] = packed
        elif kind == 3:
            del data[place:]
        elif kind == 4:
            del data[place : place + rng.randrange(1, 64)]
        elif kind == 5:
            data[place:place] = data[place : place + rng.randrange(1, 256)]
        elif kind == 6:
            data[place:place] = rng.randbytes(rng.randrange(1, 16))
        else:
            other = rng.randrange(len(data))
            data[place], data[other] = data[other], data[place]
    return bytes(data)


def image_case(rng, samples, readers):
    """Read one mutated file."""
    source = mutated(rng.choice(samples), rng)
    reader = readers[rng.choice(sorted(readers))]
    try:
        result = reader.read(source)
    except ImageError as error:
        return one_sentence(error)
    return checked(result)


def one_sentence(error):
    """Check an error's message and return its kind."""
    if not str(error) or "\n" in str(error):
        raise RuntimeError(f"a message that is none: {error!r}")
    return type(error).__name__


def checked(result):
    """Check that a result is one."""
    assert result.status in STATUSES, result
    assert 0 <= result.confidence <= 1, result
    json.dumps(result.to_dict(), allow_nan=False)
    if isinstance(result, Reading):
        for glyph in result.glyphs:
            x0, y0, x1, y1 = glyph.box
            assert 0 <= x0 < x1
            assert 0 <= y0 < y1
    return result.status


def shape_case(rng, readers):
    """Read an array of an odd shape and content."""
    height, width = (int(rng.choice((1, 2, 3, 7, 17, 40, 90, 300, 2000))) for _ in range(2))
    if height * width > 200_000:
        width = 40
    generator = np.random.default_rng(rng.randrange(2**32))
    kind = rng.randrange(6)
    if kind == 0:
        image = generator.integers(0, 256, (height, width, 3), np.uint8)
    elif kind == 1:
        image = np.full((height, width), rng.randrange(256), np.uint8)
    elif kind == 2:
        image = generator.random((height, width), np.float32)
    elif kind == 3:
        image = generator.random((height, width)) < rng.random()
    elif kind == 4:
        image = generator.integers(0, 65536, (height, width), np.uint16)
    else:
        image = np.full((height, width, 4), 255, np.uint8)
        for _ in range(rng.randrange(1, 40)):
            y, x = rng.randrange(height), rng.randrange(width)
            image[y : y + rng.randrange(1, 30), x : x + rng.randrange(1, 30)] = [
                rng.randrange(256) for _ in range(4)
            ]
    return checked(readers[rng.choice(sorted(readers))].read(image))


def resealed(files, comment=True):
    """Files as a bundle with its seal."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = b"0" * 64 if comment else b""
    content = buffer.getvalue()[:-64]
    return content + hashlib.sha256(content).hexdigest().encode()


def unpacked(name):
    """A shipped bundle's files."""
    with zipfile.ZipFile(bundle_path(name)) as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


def described(files, manifest):
    """Files with a manifest whose digests are theirs."""
    manifest = dict(manifest)
    if isinstance(manifest.get("parts"), dict):
        manifest["parts"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
        }
    return {"bundle.json": json.dumps(manifest).encode(), **files}


ODD_VALUES = (
    None, True, -1, 0, 1, 2**31, 2**63, 10**400, 0.5, 1e-300, 1e300, float("nan"), float("inf"),
    "", "a", "aa", "\ud800", "x" * 30_000, "0123456789", [], [1], ["a", "b"], ["a", "a"], {},
    {"a": 1}, "otsu", "learned", "glyph-reader", "sequence-reader", "span_cnn", "crnn", "resnet50",
    "lenet5",
)  # fmt: skip


def changed_manifest(manifest, rng):
    """Replace, add or remove one value anywhere."""
    manifest = json.loads(json.dumps(manifest))
    places = []

    def walk(node):
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk({name: own for name, own in manifest.items() if name != "parts"})
    walk(manifest)
    node, key = rng.choice(places)
    kind = rng.randrange(4)
    if kind == 0 and isinstance(node, dict):
        del node[key]
    elif kind == 1 and isinstance(node, dict):
        names = ("length", "beam_width", "views", "classes", "height", "x", "cutters", "context.x")
        node[rng.choice(names)] = rng.choice(ODD_VALUES)
    else:
        node[key] = rng.choice(ODD_VALUES)
    return manifest


def bundle_case(rng, bundles, folder):
    """Open a changed bundle and, if it opens, read with it."""
    files = dict(bundles[rng.choice(sorted(bundles))])
    manifest = json.loads(files.pop("bundle.json"))
    kind = rng.randrange(5)
    if kind == 0:
        content = resealed(mutated_files(described(files, manifest), rng, only="bundle.json"))
    elif kind == 1:
        content = resealed(described(mutated_files(files, rng), manifest))
    elif kind == 2:
        content = mutated(resealed(described(files, manifest)), rng)
        if rng.randrange(4):
            content = content[:-64] + hashlib.sha256(content[:-64]).hexdigest().encode()
    else:
        content = resealed(described(files, changed_manifest(manifest, rng)))
    path = Path(folder) / "changed.segcap"
    path.write_bytes(content)
    engine_image = np.random.default_rng(0).integers(0, 256, (40, 100, 3), np.uint8)
    try:
        reader = segcap.load(path)
        return checked(reader.read(engine_image))
    except BundleError as error:
        return one_sentence(error)


def mutated_files(files, rng, only=None):
    """Change one of some files."""
    name = only or rng.choice(sorted(name for name in files if name.endswith("onnx")))
    return {**files, name: mutated(files[name], rng)}


ODD_ARGUMENTS = (
    None, True, -1, 0, 1, 3, 2**70, 0.5, 1.5, float("nan"), float("inf"), "", "a", "07", "otsu",
    b"", b"a", "\ud800", [], [1], ("a",), {}, object(), np.zeros(3), np.zeros((2, 3)),
    np.array("a"), np.float32(0.5), np.int64(3), np.ma.masked_array(np.zeros((3, 3)), True),
    range(3), "rgb", "keras",
)  # fmt: skip
NAMES = (
    "length", "allowlist", "case", "reject_below", "binarization", "line_removal", "segmentation",
    "cutters", "channels", "epochs", "random_state", "charset", "classifier", "beam_width", "tta",
    "size", "schedule", "engine", "speed",
)  # fmt: skip


def argument_case(rng):
    """Open a shipped reader with an odd setting, or read something odd."""
    name, value = rng.choice(NAMES), rng.choice(ODD_ARGUMENTS)
    is_array = isinstance(value, np.ndarray) and value.ndim > 0  # a choice that is one: not refused
    if is_array or (name == "engine" and value == "keras"):
        return "left out"
    image = rng.choice((np.full((20, 50), 200, np.uint8), *ODD_ARGUMENTS))
    try:
        reader = segcap.load(rng.choice(READABLE), **({name: value} if rng.randrange(2) else {}))
        return checked(reader.read(image))
    except (ImageError, ParameterError) as error:
        return one_sentence(error)
