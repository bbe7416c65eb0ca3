"""The mapping language: a face says how one record is read from, and written to, one outside form."""

from integrator.mapping.context import Context
from integrator.mapping.face import Face, Reading
from integrator.mapping.lineage import Log, Trace
from integrator.mapping.load import Faces, load_faces
from integrator.mapping.unmapped import Unmapped

__all__ = ["Context", "Face", "Faces", "Log", "Reading", "Trace", "Unmapped", "load_faces"]
