"""Why: what a record, a target's resource or a held message is made of, down to the bytes that a source sent."""

from integrator.why.asked import Whys

__all__ = ["Whys"]
