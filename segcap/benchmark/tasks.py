"""The tasks that come with a benchmark of their own: their images, and who takes part."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segcap.benchmark.adapters import ReaderMethod
from segcap.benchmark.difficulty import sums_generator, texts_generator
from segcap.benchmark.peers import PEERS, Ddddocr, Tesseract, installed_peers
from segcap.benchmark.split_task import Asks, SplitTask, Truth, asked, drawn_truth
from segcap.core.bundle import available
from segcap.core.charset import Case, check_case
from segcap.core.errors import ParameterError
from segcap.datasets.catalogue import load, names
from segcap.datasets.dataset import Dataset
from segcap.datasets.mnist import Mnist, load_mnist
from segcap.generate import TextGenerator
from segcap.models.registry import Task, networks_for
from segcap.readers.glyph import GlyphReader
from segcap.readers.registry import load as open_reader
from segcap.recipes.end_to_end import drawn_sums, end_to_end_reader, sums_alone
from segcap.recipes.mixed import is_training_seed
from segcap.recipes.tasks import END_TO_END

__all__ = ["TASKS", "common_length", "default_readers", "inform", "open_task", "task_readers"]

_ALIASES = {"tiles": "recaptcha-tiles"}
TASKS = (*names(), *_ALIASES)
_OWN = ("labelled", "named")
_LIKE: dict[Asks, str] = {"texts": "captcha-v2", "sums": "digit-sum", "classes": "cats-dogs"}
_TASKS: dict[Asks, Task] = {"texts": "texts", "sums": "sums", "classes": "photos"}
_GLYPHS, _END_TO_END = "glyphs", "end-to-end"
_TEXTS, _SUMS = 10_000, 30_000
_QUICK = 300
_TEST = 0.2
_DIGITS = 4


def open_task(
    task: str,
    data: str | os.PathLike[str] | None = None,
    *,
    test: float | None = None,
    seed: int = 0,
    pattern: str | None = None,
    case: Case | None = None,
    quick: bool = False,
) -> SplitTask:
    """Find, or draw, a task's images and divide them.

    Parameters
    ----------
    task : str
        One of `TASKS`; "labelled" is any folder with labels.csv, or of images named by their texts.
    data : path, optional
        The folder of the images. Of six-char 10,000 are drawn without; of digit-sum 30,000 rows of
        overlapping digits, those to test on with MNIST's x_test, if it holds mnist.npz or is None.
    test : float, optional
        Rate to test on, in place of the task's own; 1 for all of a folder's images, where no reader
        is trained.
    seed : int
        Of the split, and of what is drawn.
    pattern : str, optional
        Of "labelled" and "named": where a file's name has the text, see
        `segcap.datasets.named.load_named`.
    case : {"keep", "fold"}, optional
        "fold" makes letters of both cases one, in all answers and truths.
    quick : bool
        Take 300 images only.

    Raises
    ------
    ParameterError
        The task is unknown, its images cannot be drawn and `data` is None, a number is outside its
        range, or drawn images are known to readers that take part.
    DataError
        The images are missing, laid out otherwise, or cannot be divided.
    """
    if task not in TASKS:
        raise ParameterError(
            f"The task of a benchmark must be one of {', '.join(TASKS)}. Got {task!r}."
        )
    check_case(case)
    task = _ALIASES.get(task, task)
    if pattern is not None and task not in _OWN:
        raise ParameterError(
            f"A 'pattern' must be for the task {' or '.join(_OWN)}. Got it for '{task}'."
        )
    split_task = _divided(task, data, test, seed, pattern, quick)
    title = f"{split_task.title}, a quick look only" if quick else split_task.title
    return replace(split_task, title=title, folded=case == "fold")


def _divided(
    task: str,
    data: str | os.PathLike[str] | None,
    test: float | None,
    seed: int,
    pattern: str | None,
    quick: bool,
) -> SplitTask:
    own = END_TO_END[task].test if task in END_TO_END else _TEST
    rate = own if test is None else 1.0 if test == 1 else test
    if task == "digit-sum" and (data is None or _is_mnist(Path(data))):
        return _sums_task(load_mnist(data), rate, seed, _QUICK if quick else _SUMS)
    if data is None and task != "six-char":
        raise ParameterError(f"To compare on '{task}', 'data' must be a folder. Got None.")
    if data is None:
        if is_training_seed(task, seed):
            raise ParameterError(
                "The 'seed' of six-char must not be 5 or end in 05, as those of images do which "
                f"'mixed' and 'any' were trained on. Got {seed}."
            )
        dataset, known = _drawn_texts(task, seed, _QUICK if quick else _TEXTS)
        generator = texts_generator(task, dataset)
        return SplitTask.of(dataset, test=rate, seed=seed, known=known, generator=generator)
    dataset = load(task, data, pattern=pattern)
    truths = drawn_truth(dataset)
    if quick and len(dataset) > _QUICK:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(dataset))[:_QUICK])
        dataset, truths = dataset.subset(chosen), [truths[i] for i in chosen.tolist()]
    split_task = SplitTask.of(dataset, test=rate, seed=seed, known=truths)
    return replace(split_task, task=task, generator=texts_generator(task, dataset))


def default_readers(asks: Asks) -> list[str]:
    """Name who takes part unless the caller does: both approaches, and peers that are there."""
    if asks == "classes":
        return [_END_TO_END]
    return [_GLYPHS, _END_TO_END, *installed_peers()]


def task_readers(
    split_task: SplitTask,
    wanted: Sequence[str] | None = None,
    *,
    known: Mapping[str, Any] | None = None,
    epochs: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Make who takes part.

    Parameters
    ----------
    wanted : sequence of str, optional
        "glyphs", the segmenting reader, or of texts its network, "span_cnn" or "span_roi";
        "end-to-end", the task's network, or another one's name;
        "ddddocr", "tesseract"; names of shipped readers and paths of bundles, not trained here.
        Those of `default_readers` unless given.
    known : mapping, optional
        What is known of the texts: "length", "allowlist", "case", of which None is not known.
        Readers without such a parameter go without it.
    epochs : int, optional
        In place of the readers' own.

    Returns
    -------
    dict of str to reader
        By name, as `segcap.benchmark.run` takes them.

    Raises
    ------
    ParameterError
        A name is unknown, is no reader of what is asked for, or is of a peer that is not installed;
        or something is known of texts where classes are asked for.
    """
    given = {name: value for name, value in (known or {}).items() if value is not None}
    if given and split_task.asks == "classes":
        raise ParameterError(
            f"What is known of texts must be for a task of texts. Got {', '.join(given)} for "
            f"'{split_task.task}'."
        )
    made: dict[str, Any] = {}
    for one in dict.fromkeys(wanted or default_readers(split_task.asks)):
        name, reader = _made(split_task, one, epochs, seed)
        if name in made:
            raise ParameterError(f"Readers must have different names. Got two called '{name}'.")
        inform(reader, given)
        made[name] = reader
    return made


def _made(split_task: SplitTask, name: str, epochs: int | None, seed: int) -> tuple[str, Any]:
    asks, training = split_task.asks, split_task.training
    networks = networks_for(_TASKS[asks])
    cutting = {_GLYPHS: "span_cnn"}
    if asks == "texts":
        cutting |= {own: own for own in networks_for("spans")}
    known = (*cutting, _END_TO_END, *networks, *PEERS, *available())
    if name in cutting and asks == "texts":
        reader = GlyphReader(
            training.charset or "",
            length=common_length(training),
            classifier=cutting[name],
            random_state=seed,
        )
        return name, reader if epochs is None else reader.set_params(epochs=epochs)
    if name == _GLYPHS and asks == "sums":
        digits = open_reader("digits", length=_DIGITS)
        return name, ReaderMethod(
            name, digits, asks, "the shipped reader 'digits', is not trained again"
        )
    if name in (_END_TO_END, *networks):
        task = split_task.task if split_task.task in END_TO_END else _LIKE[asks]
        classifier = None if name == _END_TO_END else name
        whole = end_to_end_reader(task, training, classifier=classifier, epochs=epochs, seed=seed)
        return whole.classifier, whole
    if name in PEERS and asks != "classes":
        if name not in installed_peers():
            raise ParameterError(f"The reader '{name}' must be installed to take part. It is not.")
        return name, PEERS[name](asks=asks, charset=training.charset or "0123456789")
    if name in available() or os.path.isfile(name):
        return Path(name).stem, _opened(split_task, name)
    raise ParameterError(
        f"A reader for '{split_task.task}' must be one of {', '.join(known)}, or a bundle's path. "
        f"Got {name!r}."
    )


def inform(reader: Any, known: Mapping[str, Any]) -> None:
    """Set what is known of the texts, as far as a reader has parameters for it.

    Parameters
    ----------
    reader : Method or reader
    known : mapping
        "length", "allowlist", "case". Of the allowlist, what the reader does not know is left out.
    """
    own = getattr(reader, "reader", reader)
    if isinstance(own, Ddddocr | Tesseract):
        own.charset = known.get("allowlist", own.charset)
        return
    settings = {name: value for name, value in known.items() if name in own.get_params()}
    if "allowlist" in settings:
        charset = getattr(own, "charset_", own.charset)
        given = {*settings["allowlist"]}
        if known.get("case") == "fold":
            given |= set(map(str.swapcase, given))
        allowed = "".join(char for char in charset if char in given)
        settings["allowlist"] = allowed or settings["allowlist"]  # none of them is refused
    own.set_params(**settings)


def _opened(split_task: SplitTask, name: str) -> ReaderMethod:
    """Open a reader, kept to the characters and the length of the training images."""
    reader = open_reader(name)
    charset, length = split_task.training.charset, common_length(split_task.training)
    settings: dict[str, Any] = {}
    if isinstance(reader, GlyphReader) and charset and set(charset) < set(reader.charset_):
        settings["allowlist"] = charset
        if not any(char != char.swapcase() and char.swapcase() in charset for char in charset):
            settings["case"] = "fold"  # as peers are: labels hold each letter in one case
    if isinstance(reader, GlyphReader) and reader.length is None:
        settings["length"] = length
    reader.set_params(**settings)
    source = reader.provenance_["data"]["name"]
    description = f"'{name}', which was trained on {source} and is not trained again"
    return ReaderMethod(Path(name).stem, reader, split_task.asks, description)


def common_length(dataset: Dataset) -> int | None:
    """Return the one length that all texts have, None where they differ; the digits of sums."""
    if asked(dataset) == "sums":
        return _DIGITS
    lengths = set(map(len, map(str, dataset.labels.tolist())))
    return lengths.pop() if len(lengths) == 1 else None


def _is_mnist(data: Path) -> bool:
    return data.is_file() or (data / "mnist.npz").is_file()


def _sums_task(mnist: Mnist, test: float, seed: int, count: int) -> SplitTask:
    """Draw sums to train on and, of other digits, sums to test on."""
    tested = int(test) if test > 1 else round(test * count)
    if not 0 < tested < count:
        raise ParameterError(
            f"The 'test' of digit-sum must be a fraction in (0, 1), or from 2 on a number below "
            f"{count:,}. Got {test!r}."
        )
    training, held_out = drawn_sums(mnist, count - tested, tested, seed)
    known = [
        _truth("".join(map(str, own)), places)
        for own, places in zip(held_out.labels.tolist(), held_out.boxes.tolist(), strict=True)
    ]
    return SplitTask(
        "digit-sum",
        "digit-sum, segment-then-classify against end-to-end",
        sums_alone(training),
        sums_alone(held_out),
        seed,
        tuple(map(str, range(tested))),
        tuple(known),
        sums_generator((mnist.x_test, mnist.y_test)),
    )


def _drawn_texts(task: str, seed: int, count: int) -> tuple[Dataset, list[Truth]]:
    generator = TextGenerator(task)
    images, labels, boxes = generator.arrays(count, seed=seed, n_jobs=-1)
    known = [_truth(text, own.tolist()) for text, own in zip(labels.tolist(), boxes, strict=True)]
    return Dataset(task, images, labels, Path("drawn"), charset=generator.charset), known


def _truth(text: str, boxes: Sequence[Sequence[int]]) -> Truth:
    return Truth(text, tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in boxes))
