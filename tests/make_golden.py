"""Write golden.json: what every shipped reader answers, after a change that means to change it."""

import json
from pathlib import Path

from reader_material import golden_answers, golden_images, golden_sums

import segcap

GOLDEN = Path(__file__).parent / "golden.json"


def golden():
    groups = golden_images()
    found = {name: golden_answers(segcap.load(name), groups) for name in segcap.available()}
    found["digits"]["sums of samples"] = golden_sums(segcap.load("digits"), groups["samples"])
    return found


def as_lines(found):
    """JSON with a line for each group of images, so that changes are seen."""
    readers = []
    for name, groups in found.items():
        rows = [
            f"  {json.dumps(group)}: {json.dumps(answers, ensure_ascii=False)}"
            for group, answers in groups.items()
        ]
        readers.append(f" {json.dumps(name)}: {{\n" + ",\n".join(rows) + "\n }")
    return "{\n" + ",\n".join(readers) + "\n}\n"


if __name__ == "__main__":
    GOLDEN.write_text(as_lines(golden()), encoding="utf-8")
