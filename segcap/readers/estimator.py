"""scikit-learn's estimator rules, without importing scikit-learn to read an image."""

import inspect
import os
from typing import Any, ClassVar, TypeVar

import numpy as np

from segcap.core.display import short
from segcap.core.errors import ParameterError

__all__ = ["Estimator"]

Self = TypeVar("Self", bound="Estimator")

_PLAIN = (str, int, float, tuple, list, dict, np.generic, os.PathLike, type(None))
_DATA = ("self", "images", "labels")


class Estimator:
    """Parameters by name, and all else that scikit-learn asks of an estimator.

    Importing scikit-learn costs more than reading an image, hence no `BaseEstimator`. No
    classifier in its sense either: texts hardly ever repeat, so folds cannot be stratified.

    Attributes
    ----------
    fixed : tuple of str
        Parameters that a trained reader cannot change.
    """

    fixed: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's parameters.

        Parameters
        ----------
        deep : bool
            Whether the parameters of estimators among them are given, too, as "name__parameter".
        """
        own = {name: getattr(self, name) for name in self._parameter_names()}
        inner = {
            f"{name}__{key}": value
            for name, part in own.items()
            if deep and hasattr(part, "get_params") and not isinstance(part, type)
            for key, value in part.get_params().items()
        }
        return own | inner

    def set_params(self: Self, **parameters: Any) -> Self:
        """Set parameters, all or none of them.

        Raises
        ------
        ParameterError
            A name is unknown, or the reader is trained and cannot be so with another value.
        """
        before = self.get_params(deep=False)
        own = {name: value for name, value in parameters.items() if "__" not in name}
        parts = before | own  # a part that is set comes before what is set of it
        inside: dict[str, dict[str, Any]] = {}
        for name, value in parameters.items():
            part, is_inside, inner = name.partition("__")
            may_be = bool(inner) and hasattr(parts.get(part), "set_params")
            if part not in before or (is_inside and not may_be):
                raise ParameterError(
                    f"A parameter of {type(self).__name__} must be one of "
                    f"{', '.join(self._parameter_names())}. Got {name!r}."
                )
            if inner:
                inside.setdefault(part, {})[inner] = value
            elif name in self.fixed and self._is_fitted and not self._stays(name, value):
                raise ParameterError(
                    f"The '{name}' of a trained reader cannot change. "
                    f"Got {value!r} for {before[name]!r}."
                )
        for part, given in inside.items():
            parts[part].set_params(**given)
        for name, value in own.items():
            setattr(self, name, value)
        return self

    def _stays(self, name: str, value: Any) -> bool:
        """Whether a value is the one that a parameter has already."""
        return _is_same(value, getattr(self, name))

    def get_metadata_routing(self) -> Any:
        """What `fit` and `score` ask meta-estimators for besides images and labels.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRequest
        """
        from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

        if hasattr(self, "_metadata_request"):
            return get_routing_for_object(self._metadata_request)
        requests = MetadataRequest(owner=self)
        for method in ("fit", "score"):
            for name in self._metadata(method):
                getattr(requests, method).add_request(param=name, alias=None)
        return requests

    def set_fit_request(self: Self, **requests: bool | str | None) -> Self:
        """Ask meta-estimators to pass metadata, such as "groups", on to `fit`.

        Parameters
        ----------
        **requests : bool, str or None
            See scikit-learn's guide to metadata routing.
        """
        return self._set_request("fit", requests)

    def set_score_request(self: Self, **requests: bool | str | None) -> Self:
        """Ask meta-estimators to pass metadata on to `score`, as `set_fit_request` does."""
        return self._set_request("score", requests)

    def _set_request(self: Self, method: str, requests: dict[str, bool | str | None]) -> Self:
        known = self._metadata(method)
        for name in requests:
            if name not in known:
                raise ParameterError(
                    f"What {type(self).__name__}.{method} may be passed must be one of "
                    f"{', '.join(known)}. Got {name!r}."
                )
        routing = self.get_metadata_routing()
        for name, alias in requests.items():
            getattr(routing, method).add_request(param=name, alias=alias)
        self._metadata_request = routing
        return self

    @classmethod
    def _metadata(cls, method: str) -> list[str]:
        names = inspect.signature(getattr(cls, method)).parameters
        return [name for name in names if name not in _DATA]

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "provenance_") or hasattr(self, "trained_")

    def __sklearn_is_fitted__(self) -> bool:
        return self._is_fitted

    def _require_fitted(self) -> None:
        """Refuse to go on without anything trained."""
        if not self._is_fitted:
            from segcap.core.errors import NotFittedError

            raise NotFittedError(
                f"This {type(self).__name__} must be fitted, or loaded with segcap.load, before it "
                "is used."
            )

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=True),
            input_tags=InputTags(two_d_array=False, three_d_array=True, string=True),
        )

    def _repr_html_(self) -> str | None:
        """Show notebooks what scikit-learn's estimators show them."""
        from sklearn import get_config
        from sklearn.utils import estimator_html_repr

        return estimator_html_repr(self) if get_config()["display"] == "diagram" else None

    def __repr__(self) -> str:
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(type(self).__init__).parameters.items()
        }
        changed = ", ".join(
            f"{name}={short(value)}"
            for name, value in self.get_params(deep=False).items()
            if repr(value) != repr(defaults[name])
        )
        return f"{type(self).__name__}({changed})"


def _is_same(value: Any, known: Any) -> bool:
    """Whether a parameter stays as it is: objects that look alike may have learned otherwise."""
    if value is known:
        return True
    are_plain = all(isinstance(own, _PLAIN) for own in (value, known))
    return are_plain and bool(value == known)
