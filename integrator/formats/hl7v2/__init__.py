"""HL7 v2.1 to 2.8: bytes to messages and back, headers, answers, frames, and what the segments are made of."""

from integrator.formats.hl7v2.answers import Acknowledgement, acknowledgement, answer
from integrator.formats.hl7v2.batch import split_messages
from integrator.formats.hl7v2.charsets import charset_codec, charset_name
from integrator.formats.hl7v2.codec import build, decode_message, parse
from integrator.formats.hl7v2.escapes import STANDARD, Delimiters, delimiters, escape, unescape
from integrator.formats.hl7v2.headers import Header, glimpse, header
from integrator.formats.hl7v2.message import Message
from integrator.formats.hl7v2.mllp import Frame, Junk, TooLong, Unframer, frame
from integrator.formats.hl7v2.path import Place, parse_path
from integrator.formats.hl7v2.segment import Segment

__all__ = [
    "STANDARD",
    "Acknowledgement",
    "Delimiters",
    "Frame",
    "Header",
    "Junk",
    "Message",
    "Place",
    "Segment",
    "TooLong",
    "Unframer",
    "acknowledgement",
    "answer",
    "build",
    "charset_codec",
    "charset_name",
    "decode_message",
    "delimiters",
    "escape",
    "frame",
    "glimpse",
    "header",
    "parse",
    "parse_path",
    "split_messages",
    "unescape",
]
