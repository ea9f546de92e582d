"""Pictures as arrays and as files."""

import io

import numpy as np
from PIL import Image

RGB = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def encoded(image, file_format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


PNG = encoded(Image.fromarray(RGB))
