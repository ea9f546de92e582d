"""Compare both approaches on one's own images, in one report.

python examples/compare_approaches.py [FOLDER] [--quick]

FOLDER holds images named by their texts, or labels.csv; without one, 300 images of a generated
scheme are drawn. Figures, plots, and why each answer is wrong are in compared-FOLDER/report.html.
"""

import argparse
import tempfile
from pathlib import Path

from segcap import benchmark
from segcap.benchmark.tasks import open_task, task_readers
from segcap.generate import TextGenerator, write_text

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path, nargs="?")
parser.add_argument("--quick", action="store_true", help="train for one epoch only")
args = parser.parse_args()

if args.folder is None:
    args.folder = Path(tempfile.mkdtemp()) / "drawn"
    write_text(TextGenerator("gradient-line"), 300, args.folder, seed=1003)

split_task = open_task("labelled", args.folder)
readers = task_readers(split_task, epochs=1 if args.quick else None)
drawn = 10 if args.quick else 200
out = f"compared-{args.folder.resolve().name}"
result = benchmark.run(readers, split_task, out=out, drawn=drawn, resume=True)
print(benchmark.table(result))
