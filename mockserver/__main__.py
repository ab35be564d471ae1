"""Run the command line with `python -m mockserver`."""

from mockserver.cli import main

main()
