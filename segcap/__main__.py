"""`python -m segcap`."""

from segcap.cli import main

main()
