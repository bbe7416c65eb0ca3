"""The mapping language: a face says how one record is read from, and written to, one outside form."""

from integrator.mapping.context import Context
from integrator.mapping.explain import Explanation, explain
from integrator.mapping.face import Face, Reading
from integrator.mapping.lineage import Trace
from integrator.mapping.load import Faces, load_faces
from integrator.mapping.log import Log
from integrator.mapping.unmapped import Unmapped

__all__ = ["Context", "Explanation", "Face", "Faces", "Log", "Reading", "Trace", "Unmapped", "explain", "load_faces"]
