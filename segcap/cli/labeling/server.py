"""The page's server: on the local machine alone, for whoever knows the token in its address."""

import secrets
import socket
from typing import TYPE_CHECKING, Any

import cv2

from segcap.cli.labeling.session import Session
from segcap.core.errors import ImageError, ParameterError, SegcapError
from segcap.core.extras import require
from segcap.core.image import load_image

if TYPE_CHECKING:
    from flask import Flask, Response
    from werkzeug.serving import BaseWSGIServer

__all__ = ["make_app", "open_server"]

_HOST = "127.0.0.1"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def open_server(session: Session, port: int = 0) -> tuple["BaseWSGIServer", str]:
    """A server that waits for `serve_forever`, and the page's address.

    Parameters
    ----------
    port : int
        0 for any that is free.

    Raises
    ------
    ParameterError
        The port is in use, or the extra "label" is not installed.
    """
    require("flask", "label", "The page for labels")
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        """Logs no requests: the page looks every second, and its address is secret."""

        def log_request(self, *_: object) -> None:
            pass

    try:
        listening = socket.create_server((_HOST, port))
    except (OSError, OverflowError) as error:
        raise ParameterError(
            f"The port must be free to use, or 0 for any. Got {port}: {error}."
        ) from None
    token = secrets.token_urlsafe(16)
    app = make_app(session, token)
    with listening:  # the server has a copy of it
        server = make_server(
            _HOST, port, app, threaded=True, request_handler=Silent, fd=listening.fileno()
        )
    return server, f"http://{_HOST}:{server.port}/{token}/"


def make_app(session: Session, token: str) -> "Flask":
    """The page as a WSGI application; without the token nothing is found."""
    from flask import Blueprint, Flask, request, send_from_directory

    app = Flask("segcap.cli.labeling", static_folder=None)
    page = Blueprint("page", __name__)

    @page.get("/")
    @page.get("/<any('page.css', 'page.js'):name>")
    def show(name: str = "page.html") -> "Response":
        return send_from_directory(app.root_path, name)

    @page.get("/image/<int:number>")
    def image(number: int) -> Any:
        png = _png(session, number)
        return ("", 404) if png is None else (png, {"Content-Type": "image/png"})

    @page.get("/state")
    def state() -> dict[str, Any]:
        return session.state()

    @page.post("/answer")
    def answer() -> dict[str, Any]:
        session.answer(request.json["image"], request.json["text"])
        return session.state()

    @page.post("/skip")
    def skip() -> dict[str, Any]:
        session.skip(request.json["image"])
        return session.state()

    @page.post("/undo")
    def undo() -> dict[str, Any]:
        session.undo()
        return session.state()

    @app.errorhandler(SegcapError)
    def refuse(error: SegcapError) -> tuple[dict[str, str], int]:
        return {"error": str(error)}, 422

    @app.after_request
    def guard(response: "Response") -> "Response":
        response.headers.update(_HEADERS)
        return response

    app.register_blueprint(page, url_prefix=f"/{token}")
    return app


def _png(session: Session, number: int) -> bytes | None:
    """An image by its number; None if there is none, or if it cannot be read."""
    if number >= len(session.paths):
        return None
    name, path = list(session.paths.items())[number]
    try:
        pixels = load_image(path)
    except ImageError as error:
        session.cannot_show(name, str(error))
        return None
    _, png = cv2.imencode(".png", pixels[..., ::-1])
    return png.tobytes()
