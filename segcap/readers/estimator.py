"""scikit-learn's estimator rules, without importing scikit-learn."""

import inspect
from typing import Any, TypeVar

from segcap.core.errors import ParameterError

__all__ = ["Estimator"]

Self = TypeVar("Self", bound="Estimator")


class Estimator:
    """Parameters by name, as `sklearn.base.clone` and `GridSearchCV` want them.

    Importing scikit-learn costs more than reading an image, hence no `BaseEstimator`. No
    classifier in its sense either: texts hardly ever repeat, so folds cannot be stratified.
    """

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """Give the constructor's parameters; `deep` makes no difference."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self: Self, **parameters: Any) -> Self:
        """Set parameters.

        Raises
        ------
        ParameterError
            A name is unknown.
        """
        known = self._parameter_names()
        for name, value in parameters.items():
            if name not in known:
                raise ParameterError(
                    f"A parameter of {type(self).__name__} must be one of {', '.join(known)}. "
                    f"Got {name!r}."
                )
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=True),
            input_tags=InputTags(two_d_array=False, three_d_array=True, string=True),
        )

    def __repr__(self) -> str:
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(type(self).__init__).parameters.items()
        }
        changed = ", ".join(
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if repr(value) != repr(defaults[name])
        )
        return f"{type(self).__name__}({changed})"
