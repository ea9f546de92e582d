"""The command that asks for labels: label."""

import threading
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from segcap.cli.app import app, say
from segcap.cli.labeling.server import open_server
from segcap.cli.labeling.session import Session
from segcap.cli.labeling.worker import Worker
from segcap.cli.options import Allowlist, FoldCase, Length
from segcap.cli.reading import Model, open_reader

Folder = Annotated[Path, typer.Argument(help="Folder of images; labels.csv is written into it.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 for any.")]
Train = Annotated[
    bool, typer.Option("--train/--no-train", help="Train on the labels in the background.")
]
Browser = Annotated[
    bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
]


@app.command()
def label(
    folder: Folder,
    model: Model = "any",
    length: Length = None,
    allowlist: Allowlist = None,
    case: FoldCase = None,
    port: Port = 0,
    train: Train = True,
    browser: Browser = True,
) -> None:
    """Label the images of a folder on a page of this machine, where a reader guesses first."""
    known = {"length": length, "allowlist": allowlist, "case": case}
    settings = {name: value for name, value in known.items() if value is not None}
    session = Session(folder, length=length, allowlist=allowlist, trains=train)
    server, address = open_server(session, port)
    open_reader(model, of="texts", **settings).read_many([])  # checks the settings
    threading.Thread(
        target=session.run, args=(lambda: Worker(model, settings),), daemon=True
    ).start()
    say(f"Label at {address} and stop with Ctrl-C.")
    if browser:
        webbrowser.open(address)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    labels = session.state()["labelled"]
    say(f"Labels in '{session.file}': {labels}. Train on them with segcap train text --data.")
