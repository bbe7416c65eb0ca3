"""integrator demo: plays the sandbox hospital's story against a real Integrator and says whether it ended right."""

from integrator.commands.demo.command import demo

__all__ = ["demo"]
