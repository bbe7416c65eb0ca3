"""Starts the command line: `python -m integrator` and the `integrator` script."""

from integrator.cli import main

if __name__ == "__main__":
    main()
