"""Interface specifications: a face as a page that an interface engineer can send to the other side."""

from integrator.specification.page import page
from integrator.specification.told import Told, tell

__all__ = ["Told", "page", "tell"]
