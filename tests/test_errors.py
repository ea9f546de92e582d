"""Every message is one line, whatever it quotes."""

import numpy as np
import pytest

import segcap
from segcap.core import errors
from segcap.core.errors import ImageError, ParameterError, SegcapError, SegcapWarning

STRANGE = "a\n  b\r\nc\u2028d\n"
KINDS = [
    getattr(errors, name) for name in errors.__all__ if name.endswith("Error") or "Warn" in name
]


@pytest.mark.parametrize("kind", KINDS)
def test_line_breaks_are_taken_out(kind):
    assert issubclass(kind, SegcapError | SegcapWarning)
    assert str(kind(f"It must be. Got '{STRANGE}'.")) == "It must be. Got 'a b c d '."
    assert str(kind("A sentence  as it is.")) == "A sentence  as it is."


def test_what_users_give_is_quoted_on_one_line(tmp_path):
    with pytest.raises(ImageError) as error:
        segcap.load("digits").read(str(tmp_path / STRANGE))
    assert len(str(error.value).splitlines()) == 1
    with pytest.raises(ParameterError) as error:
        segcap.load("digits", length=np.zeros((2, 3)))
    assert len(str(error.value).splitlines()) == 1


def test_the_command_line_quotes_names_on_one_line(command, tmp_path):
    (tmp_path / "a\nb.png").write_bytes(b"no image")
    for arguments in (["read", tmp_path], ["read", tmp_path / "no\nname"]):
        _, _, err = command(*arguments, "--model", "digits")
        said = err.splitlines()
        assert said
        assert all(line.startswith("segcap: ") for line in said)
