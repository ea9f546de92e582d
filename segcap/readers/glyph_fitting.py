"""How a glyph reader is fitted."""

import os
from abc import ABC
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import digest
from segcap.core.charset import Charset
from segcap.core.errors import DataError, ParameterError
from segcap.core.image import ImageSource
from segcap.core.validation import check_many
from segcap.models.registry import networks_for
from segcap.readers.settings import GlyphSettings, needs_learned_ink
from segcap.readers.starts import check_start, networks_of, shipped_start
from segcap.recognition.own_classifier import OwnClassifier
from segcap.recognition.trained import Trained
from segcap.segmentation.settings import SegmentationSettings

if TYPE_CHECKING:
    from segcap.training.fit import OnEpoch
    from segcap.training.spans import LabelledStrips
    from segcap.training.text_fitting import Progress

__all__ = ["GlyphFitting"]

Self = TypeVar("Self", bound="GlyphFitting")


class GlyphFitting(GlyphSettings, ABC):
    """The part of `segcap.GlyphReader` that is fitted."""

    charset_: str
    glyphs_: Trained | OwnClassifier | None
    context_: Trained | None
    ink_: Trained | None = None
    line_: Trained | None = None
    settings_: SegmentationSettings
    provenance_: dict[str, Any]

    def fit(
        self: Self,
        images: Iterable[ImageSource],
        labels: Sequence[str],
        *,
        unlabelled: Iterable[ImageSource] = (),
        state: str | os.PathLike[str] | None = None,
        on_progress: "Progress | None" = None,
    ) -> Self:
        """Train on images labelled with their whole texts; no glyph is ever annotated.

        What starts from the shipped reader "any" is trained to read whole lines; its span network
        is trained, too, where there are characters that "any" does not know. A span network that
        starts from "mixed" aligns each label with the spans of its image, is trained on where they
        lie, and aligns again; see `segcap.training.text_fitting`. Classifiers of glyphs, own ones
        too, are trained on the images that part into as many segments as their label has
        characters. Unreadable images are left out, with a warning.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
        labels : sequence of str
        unlabelled : iterable of path, bytes, array or PIL.Image.Image
            Other images of the scheme, for span networks: their sure readings are trained on
            besides, if that helps; see `segcap.training.text_fitting.fit_texts`.
        state : path, optional
            What was trained is kept after every epoch in files of this name (with ".0", ".1",
            ... for the rounds of alignment, ".line", and both after ".more" for `unlabelled`); if
            they exist, training goes on from them.
        on_progress : callable
            Called with the number of epochs done, their total and a sentence; not while networks
            of single glyphs are trained.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            A label holds a character outside the charset or has another length than `length`.
        DataError
            There are not as many labels as images, or too few usable images: fewer than 16, or
            than the charset has characters, if the reader that training starts from does not know
            them all.
        KeyboardInterrupt
            Ctrl-C; the reader keeps what was trained until the last epoch's end.

        Warns
        -----
        SegcapWarning
            Images were left out, characters are in no label, or the trained reader does not
            read.
        """
        trained = self._network_to_train()
        self._check_parameters(trained)
        if trained in networks_for("spans"):
            return self._train(
                trained,
                images,
                labels,
                start=None,
                unlabelled=unlabelled,
                state=state,
                on_progress=on_progress,
            )
        if unlabelled := list(unlabelled):
            raise ParameterError(
                f"To train with 'unlabelled' images, the 'classifier' must be one of "
                f"{', '.join(networks_for('spans'))}. Got {self.classifier!r}."
            )
        from segcap.training.segment_labels import labelled_glyphs

        check_many(images)
        glyphs, classes = labelled_glyphs(
            self._as_rgb(images),
            labels,
            charset=Charset(self.charset),
            length=self.length,
            settings=self._settings(),
        )
        return self.fit_glyphs(glyphs, classes, data="labelled images", state=state)

    def partial_fit(
        self: Self,
        images: Iterable[ImageSource],
        labels: Sequence[str],
        *,
        state: str | os.PathLike[str] | None = None,
        on_progress: "Progress | None" = None,
    ) -> Self:
        """Train on more images, starting from what was trained; parameters as of `fit`.

        The settings that `fit` chose stay. A reader that is not fitted yet is fitted. All images
        have a label.

        Raises
        ------
        ParameterError
            As of `fit`; or `classifier` is neither "span_roi" nor "span_cnn", or the charset is
            another than that of the training before.
        DataError, KeyboardInterrupt
            As of `fit`.
        """
        self._check_parameters()
        start = getattr(self, "context_", None)
        trained = self._network_to_read()
        if trained not in (known := networks_for("spans")):
            raise ParameterError(
                f"To be trained further, the 'classifier' must be one of {', '.join(known)}. "
                f"Got {trained or self.classifier!r}."
            )
        if start is not None and self.charset_ != self.charset:
            raise ParameterError(
                f"To be trained further, the charset must stay {self.charset_!r}. "
                f"Got {self.charset!r}."
            )
        return self._train(
            trained, images, labels, start=start, state=state, on_progress=on_progress
        )

    def _train(
        self: Self,
        trained: str,
        images: Iterable[ImageSource],
        labels: Sequence[str],
        *,
        start: Trained | None,
        unlabelled: Iterable[ImageSource] = (),
        state: str | os.PathLike[str] | None,
        on_progress: "Progress | None",
    ) -> Self:
        from segcap.training.text_fitting import fit_texts

        if start is not None:
            known, ink, line = self.charset_, self.ink_, self.line_
            choices = [self._settings(self.settings_)]
        else:
            start, known, ink, line = networks_of(shipped_start(trained))
            choices = self._open_settings(trained, ink)
        check_start(start, trained)
        check_many(images)
        check_many(unlabelled)
        if state is not None and not Path(state).name:
            raise ParameterError(
                f"The 'state' must begin the names of files. Got {os.fspath(state)!r}."
            )
        fitted = fit_texts(
            self._as_rgb(images),
            labels,
            charset=Charset(self.charset),
            length=self.length,
            start=start,
            known=known,
            choices=choices,
            epochs=int(self.epochs),
            seed=int(self.random_state),
            line=line,
            unlabelled=self._as_rgb(unlabelled),
            state=state,
            on_progress=on_progress,
            engine=self.engine,
            device=self.device,
        )
        self.glyphs_, self.context_, self.line_ = None, fitted.trained, fitted.line
        self.ink_ = ink
        self.settings_ = fitted.settings
        self._note("labelled images", fitted.samples, fitted.digest, fitted.figures)
        if fitted.interrupted:
            raise KeyboardInterrupt
        return self

    def fit_glyphs(
        self: Self,
        glyphs: NDArray[np.float32],
        classes: NDArray[np.integer],
        *,
        data: str = "glyphs",
        state: str | os.PathLike[str] | None = None,
        on_epoch: "OnEpoch | None" = None,
    ) -> Self:
        """Train on framed glyphs.

        Parameters
        ----------
        glyphs : (N, 28, 28, 1) float32 array
            In [0, 1], ink 1; see `segcap.segmentation.glyph_crops.frame_glyphs`.
        classes : (N,) int array
            Index into the charset of each.
        data : str
            Name of the data, for the provenance.
        state : path, optional
            File from which a killed training goes on.
        on_epoch : callable
            Called after each epoch with the number of epochs done and the history.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            A parameter is outside its range.
        DataError
            A class has fewer than two glyphs, there is none at all, or `state` is of another
            training.
        KeyboardInterrupt
            Ctrl-C; the reader keeps what was trained until the last epoch's end.
        """
        self._check_parameters()
        if self._has_own_classifier():
            return self._fit_own(glyphs, classes, data)
        from segcap.training.classifier import train_classifier
        from segcap.training.fit import Schedule

        trained = train_classifier(
            glyphs,
            classes,
            classes=len(self.charset),
            classifier="glyph_cnn" if self.classifier is None else str(self.classifier),
            schedule=Schedule(epochs=int(self.epochs)),
            seed=int(self.random_state),
            state=state,
            on_epoch=on_epoch,
        )
        self.glyphs_, self.context_ = trained.trained, None
        self.line_, self.ink_ = None, None
        self.settings_ = self._settings()
        self._note(data, len(glyphs), digest(glyphs, classes), trained.figures)
        if trained.was_interrupted:
            raise KeyboardInterrupt
        return self

    def _fit_own(
        self: Self, glyphs: NDArray[np.float32], classes: NDArray[np.integer], data: str
    ) -> Self:
        from sklearn.base import clone

        if not (hasattr(self.classifier, "fit") and hasattr(self.classifier, "predict_proba")):
            raise ParameterError(
                "To be fitted, an own 'classifier' must have 'fit' and 'predict_proba'. "
                f"Got {type(self.classifier).__name__} without; networks are trained beforehand."
            )
        if not len(glyphs) == len(classes) > 0:
            raise DataError(
                "A classifier must be fitted on glyphs, with a class for each. "
                f"Got {len(glyphs)} glyphs and {len(classes)} classes."
            )
        fitted = clone(self.classifier, safe=False)
        fitted.fit(glyphs, classes)
        self.glyphs_ = OwnClassifier(fitted, Charset(self.charset))
        self.context_, self.line_, self.ink_ = None, None, None
        self.settings_ = self._settings()
        self._note(data, len(glyphs), digest(glyphs, classes), {"trained_on": len(glyphs)})
        return self

    def fit_lines(
        self: Self,
        train: "LabelledStrips",
        validation: "LabelledStrips",
        *,
        start: str | os.PathLike[str] | None = None,
        data: str = "lines",
        state: str | os.PathLike[str] | None = None,
        on_epoch: "OnEpoch | None" = None,
    ) -> Self:
        """Train on lines in which the place of every character is known.

        A reader that classifies single glyphs is trained to read touching ones besides.

        Parameters
        ----------
        train, validation : LabelledStrips
            See `segcap.training.spans`.
        start : str or path, optional
            Name or bundle of a reader to start from; from nothing unless given. "span_roi" needs
            one, whose ink it finds.
        data : str
            Name of the data, for the provenance.
        state : path, optional
            File from which a killed training goes on.
        on_epoch : callable
            Called after each epoch with the number of epochs done and the history.

        Raises
        ------
        ParameterError
            A parameter is outside its range, or "span_roi" has nothing that finds its ink.
        DataError
            There is no line to train on or to validate on, or `state` is of another training.
        """
        from segcap.training.context import train_context
        from segcap.training.fit import Schedule

        self._check_parameters()
        if self._has_fitted_classifier():
            self._require_fitted()
        classifies_glyphs = getattr(self, "glyphs_", None) is not None
        if classifies_glyphs and self.charset_ != self.charset:
            raise ParameterError(
                f"To be trained further, the charset must stay {self.charset_!r}. "
                f"Got {self.charset!r}."
            )
        known = list(networks_for("spans"))
        trained = known[0] if self.classifier not in known else str(self.classifier)
        ink, origin = getattr(self, "ink_", None), None
        if start is not None:
            context, characters, ink, _ = networks_of(start)
            trained = context.classifier if self.classifier is None else trained
            check_start(context, trained)
            origin = context, characters
        if needs_learned_ink(trained) and ink is None and self.segmenter is None:
            raise ParameterError(
                f"To train '{trained}' on lines, a reader must be given to 'start' from, whose ink "
                "it finds. Got None."
            )
        fitted = train_context(
            train,
            validation,
            characters=self.charset,
            classifier=trained,
            start=origin,
            schedule=Schedule(epochs=int(self.epochs), batch_size=64, learning_rate=2e-3),
            seed=int(self.random_state),
            state=state,
            on_epoch=on_epoch,
        )
        if not classifies_glyphs:
            self.glyphs_ = None
        before = self.provenance_["figures"] if classifies_glyphs else {}
        self.context_, self.line_, self.ink_ = fitted.trained, None, ink
        self.settings_ = self._settings()
        self._note(data, len(train.pixels), digest(*train), before | fitted.figures)
        return self

    def _note(self, data: str, samples: int, sha256: str, figures: dict[str, Any]) -> None:
        """Keep what the trained parts are and where they come from."""
        from segcap.training.classifier import versions

        self.charset_ = self.charset
        self.provenance_ = {
            "data": {"name": data, "samples": samples, "sha256": sha256},
            "seed": int(self.random_state),
            "versions": versions(keras=self.context_ is not None or not self._has_own_classifier()),
            "figures": figures,
        }
