"""Networks that classify what a photo shows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import Bundle
from segcap.core.errors import ParameterError
from segcap.core.frames import Frame
from segcap.core.image import Channels, ImageSource
from segcap.core.reading import ClassReading
from segcap.core.validation import is_number, one_of
from segcap.decoding.compose import next_answers
from segcap.evaluate.labels import plain_labels
from segcap.models.registry import network
from segcap.readers.classifier import WholeImageClassifier
from segcap.readers.serialization import reader_settings
from segcap.recognition.engines import Device, EngineName
from segcap.recognition.whole_image import TTA, augmented_for_test

if TYPE_CHECKING:
    from segcap.training.batch_sources import ImageBatches, Labelled

__all__ = ["ImageClassifier"]

_LARGEST_SIDE = 96

Balance: TypeAlias = Literal["none", "sampling", "weights"]


class ImageClassifier(WholeImageClassifier[ClassReading]):
    """Classify what a photo shows, such as a tile of a street or a pet.

    Parameters
    ----------
    classifier : {"leaky_cnn", "resnet_small", "resnet50"}
    classes : sequence of str or int, optional
        What photos may show, in class order; those of the labels, sorted, unless given.
    size : tuple of int, optional
        Width and height to which photos are scaled, pixels; unless given, those of most photos,
        made smaller to at most 96 of either.
    balance : {"none", "sampling", "weights"}
        How rare classes are made to count as much as frequent ones: not at all, by drawing every
        class equally often, or by weighing errors.
    weights : {None, "imagenet"}
        What "resnet50" starts from; Keras downloads what was trained on ImageNet.
    network : mapping of str to int, float or str, optional
        What else the network's function takes, such as the "dropout" of all, or the "conv_layers",
        "filters", "dense_layers", "neurons" and "activation" of `segcap.models.leaky_cnn`.
    schedule : mapping of str to int, float or str, optional
        What `segcap.training.Schedule` takes besides `epochs`, in place of the reader's own.
    augmentation : float
        How strong the random changes of photos in training are: 1 for those of
        `segcap.training.photos.Variation`, 0 for mirroring alone.
    tta : {1, 2, 4}
        Test-time augmentation: how many versions of a photo are classified; as it is; mirrored,
        too; and both again closer. Their logits are averaged, which errs less and takes so many
        times as long. The network is trained without it; `fit` calibrates for it.
    engine : {"onnx", "keras"}
    device : {"auto", "cpu", "cuda"}
        See `segcap.recognition.engines.open_engine`.
    channels : {"rgb", "bgr"}
        Order of the colours in arrays: "bgr" for those of OpenCV.
    frame : {"first", "last", "merge"} or int, optional
        Which frame of an animation or page of a TIFF; see `segcap.core.image.load_image`.
    epochs : int
        Epochs over the photos in training, each of at least 50 batches.
    random_state : int
        Seed of all random choices.

    Attributes
    ----------
    classes_ : (C,) array
        What photos may show.
    size_ : tuple of int
        Width and height to which photos are scaled, pixels.
    trained_ : Trained
    provenance_ : dict
        Data, seed, versions, schedule and figures of the training.
    history_ : History
        What happened, epoch by epoch; only after `fit`. See `segcap.training.plot_history`.
    """

    kind = "image-classifier"
    task = "photos"
    in_colour = True
    of_any_size = True

    _unreadable = staticmethod(ClassReading.unreadable)

    def __init__(
        self,
        classifier: str = "resnet_small",
        *,
        classes: Sequence[str | int] | None = None,
        size: tuple[int, int] | None = None,
        balance: Balance = "none",
        weights: str | None = None,
        network: Mapping[str, Any] | None = None,
        schedule: Mapping[str, Any] | None = None,
        augmentation: float = 1.0,
        tta: int = 1,
        engine: EngineName = "onnx",
        device: Device = "auto",
        channels: Channels = "rgb",
        frame: Frame | None = None,
        epochs: int = 40,
        random_state: int = 0,
    ) -> None:
        self.classifier = classifier
        self.classes = classes
        self.size = size
        self.balance = balance
        self.weights = weights
        self.network = network
        self.schedule = schedule
        self.augmentation = augmentation
        self.tta = tta
        self.engine = engine
        self.device = device
        self.channels = channels
        self.frame = frame
        self.epochs = epochs
        self.random_state = random_state

    def _result(self, probabilities: NDArray[np.float64]) -> ClassReading:
        classes = self.classes_.tolist()
        return ClassReading(
            classes[probabilities.argmax()],
            probabilities,
            confidence=float(probabilities.max()),
            alternatives=next_answers(probabilities, classes),
        )

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.balance not in (known := get_args(Balance)):
            raise ParameterError(
                f"The 'balance' of an ImageClassifier must be one of {', '.join(known)}. "
                f"Got {self.balance!r}."
            )
        if not is_number(self.augmentation) or self.augmentation < 0:
            raise ParameterError(
                "The 'augmentation' of an ImageClassifier must be a number of at least 0. "
                f"Got {self.augmentation!r}."
            )
        one_of("tta", self.tta, TTA, of="an ImageClassifier")
        self._check_network()
        if isinstance(self.classes, str) or not isinstance(self.classes, Iterable | None):
            raise ParameterError(
                "The 'classes' of an ImageClassifier must be a sequence of labels. "
                f"Got {self.classes!r}."
            )
        if self.classes is not None and len(set(self.classes)) != len(list(self.classes)):
            raise ParameterError(
                f"The 'classes' must differ from each other. Got {list(self.classes)}."
            )

    def _check_network(self) -> None:
        if self.network is None:
            return
        known = network(self.classifier).options
        if not isinstance(self.network, Mapping) or not set(self.network) <= set(known):
            raise ParameterError(
                f"The 'network' of an ImageClassifier must map some of {', '.join(known)} for "
                f"'{self.classifier}'. Got {self.network!r}."
            )
        dropout = self.network.get("dropout", 0)
        if not is_number(dropout) or not 0 <= dropout < 1:
            raise ParameterError(
                "The 'dropout' of an ImageClassifier's network must be at least 0 and below 1. "
                f"Got {dropout!r}."
            )

    def _answers(self, labels: Sequence[Any]) -> list[Any]:
        if self.classes is not None:
            return plain_labels(self.classes, name="classes")
        return sorted({label for label in plain_labels(labels, name="labels") if label is not None})

    def _encode(self, labels: Sequence[Any], answers: Sequence[Any]) -> NDArray[np.intp]:
        place = {answer: index for index, answer in enumerate(answers)}
        known = plain_labels([*answers, *labels], name="classes and labels")[len(answers) :]
        for label in known:
            if label is None:
                raise ParameterError(
                    f"Every label must be known. Got None at place {known.index(None)}."
                )
            if label not in place:
                raise ParameterError(
                    f"Every label must be one of {', '.join(map(str, answers))}. Got {label!r}."
                )
        return np.array([place[label] for label in known], np.intp)

    def _network_options(self, size: tuple[int, int]) -> dict[str, Any]:
        given = {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in (self.network or {}).items()
        }
        return super()._network_options(size) | {"channels": 3} | given

    def _common_size(self, images: Sequence[ImageSource]) -> tuple[int, int]:
        width, height = super()._common_size(images)
        if self.size is not None:
            return width, height
        scale = min(1.0, _LARGEST_SIDE / max(width, height))
        return max(1, round(scale * width)), max(1, round(scale * height))

    def _batches(self, train: "Labelled", held_out: "Labelled") -> "ImageBatches":
        from segcap.training.batch_sources import ImageBatches
        from segcap.training.class_balance import class_weights

        count = 1 + max(int(classes.max()) for _, classes in (train, held_out))
        return ImageBatches(
            train,
            held_out,
            self._augment,
            variation=float(self.augmentation),
            weights=class_weights(train[1], count) if self.balance == "weights" else None,
            balanced=self.balance == "sampling",
        )

    def _augment(self, images: NDArray[np.float32], rng: np.random.Generator) -> NDArray:
        from segcap.training.photos import Variation, augment_photos

        return augment_photos(images, rng, Variation().times(float(self.augmentation)))

    def _augmented_for_test(
        self, images: Sequence[NDArray[np.uint8]]
    ) -> Iterator[Sequence[NDArray[np.uint8]]]:
        return augmented_for_test(images, int(self.tta))

    def _ways_to_train(self) -> dict[str, Any]:
        return super()._ways_to_train() | {
            "balance": self.balance,
            "augmentation": float(self.augmentation),
        }

    def _own_schedule(self) -> dict[str, Any]:
        return {"label_smoothing": 0.1, **super()._own_schedule()}

    def _as_settings(self) -> tuple[str, dict[str, Any]]:
        return "", {"classes": self.classes_.tolist(), "tta": int(self.tta)}

    @classmethod
    def _from_settings(cls, bundle: Bundle) -> dict[str, Any]:
        size = bundle.network["width"], bundle.network["height"]
        known = network(bundle.architecture).options
        own = {name: value for name, value in bundle.network.items() if name in known}
        return {**reader_settings(bundle), "size": size, "network": own or None}
