"""The pages for trial staff and hospital IT; `create_web` makes the WSGI application."""

from integrator.store.today import Step
from integrator.web.app import create_web
from integrator.web.today.live import Feed

__all__ = ["Feed", "Step", "create_web"]
