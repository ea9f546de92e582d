"""Make segcap/generate/fonts anew: `python data/make_fonts.py FOLDER`, FOLDER holding npm's
packages @fontsource/NAME 5.3.0, unpacked as FOLDER/NAME (`npm pack @fontsource/arimo@5.3.0`).

Needs fonttools and brotli. From every face the printable ASCII characters are kept, without
hinting and layout tables, so that a face takes some 10 kB and renders alike on every machine.
"""

import io
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FACES = {
    "arimo": ("400-normal", "700-normal"),
    "tinos": ("400-normal", "700-normal"),
    "courier-prime": ("400-normal", "700-normal"),
    "noto-sans": ("400-normal", "600-normal", "700-normal"),
    "noto-serif": ("400-normal", "700-normal"),
    "comic-neue": ("700-normal",),
    "kalam": ("700-normal",),
    "anton": ("400-normal",),
    "roboto-slab": ("700-normal",),
    "fredoka": ("600-normal",),
}


def main(packages: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for family, faces in FACES.items():
        for face in faces:
            package = packages / family
            source = package / "files" / f"{family}-latin-{face}.woff2"
            font = TTFont(source, recalcTimestamp=False)
            options = Options(hinting=False, layout_features=[], notdef_outline=True)
            options.drop_tables += ["GPOS", "GSUB", "GDEF", "DSIG", "STAT", "meta"]
            options.name_IDs = ["*"]
            subsetter = Subsetter(options)
            subsetter.populate(unicodes=range(0x21, 0x7F))
            subsetter.subset(font)
            font.flavor = None
            file = io.BytesIO()
            font.save(file)
            (folder / f"{family}-{face.split('-')[0]}.ttf").write_bytes(file.getvalue())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent.parent / "segcap" / "generate" / "fonts")
