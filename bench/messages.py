"""The message that is measured: an invented scheduling message of 1,500 bytes, as a radiotherapy system sends it."""

from __future__ import annotations

from datetime import datetime, timedelta

SIZE = 1500
NUMBER = "HTEST-4711"  # the hospital number of the invented patient
SENT_AT = "20260302081200+0100"
START = datetime(2026, 3, 2, 10)  # local time, as it is sent
MINUTES = timedelta(minutes=20)


def _text(note: str, number: str) -> str:
    return (
        f"MSH|^~\\&|ARIA|RT^1.2.3^ISO|EHR|KLINIK|%(sent_at)b||SIU^%(event)b^SIU_S12"
        "|%(name)b|T|2.5.1||||||8859/1\r"
        "SCH|PL1^ARIA|%(appointment)b^ARIA||SER1^ARIA||MD^machine down|3^10|NORMAL|20|min"
        "|^^20^%(start)b^%(end)b|9999^HTEST-Planer^Uwe^^^Dr|^^PH^^49^6221^56|||8888^HTEST-Müller^Anna||||7777^HTEST-Süß^Bert|||||Booked\r"
        "TQ1|1||||||%(start)b|%(end)b|R\r"
        f"NTE|1||Fraktion 3 von 10\rNTE|2||{note}\r"
        f"PID|1||{number}^^^KLINIK&1.2.276.0.76&ISO^MR~X123456789^^^GKV^NI||HTEST-Müller^Anna^Maria^^^^L||19610402|F"
        "|||Hauptstr. 1^^Heidelberg^^69115^DE^H||06221 56 1^PRN^PH\r"
        "PV1|1|O|RT^LINAC2^^KLINIK||||1234^HTEST-Arzt^Otto|||RAD||||||||V123^^^KLINIK^VN\rPV2|||C79.5^Metastasen\r"
        "DG1|1||C79.5^Sekundäre bösartige Neubildung des Knochens^ICD10GM|||A\rRGS|1|A\r"
        "AIS|1|A|RT-FRACTION^Bestrahlung^ARIA|%(start)b|||20|min^^ISO+||Booked\rNTE|1||Hinweis für das Personal\r"
        "AIG|1|A|LINAC2^Linac 2^L|EQ^Equipment^L||||%(start)b|||20|min\r"
        "AIL|1|A|RT^LINAC2^^KLINIK|C^Clinic^HL70305||%(start)b|||20|min||Booked\r"
        "AIP|1|A|5555^HTEST-Kraft^Tina|MTRA^MTRA^L||%(start)b|||20|min||Booked\r"
    )


class Template:
    """One SIU of seventeen segments in ISO 8859-1, padded in a note; what differs between messages is filled in."""

    def __init__(self, number: str = NUMBER, sent_at: str = SENT_AT):
        self.sent_at = sent_at.encode()
        self.text = _text("", number).encode("iso8859-1")
        padding = "x" * (SIZE - len(self.message(b"0" * 12)))
        self.text = _text(padding, number).encode("iso8859-1")

    def message(
        self,
        name: bytes,
        appointment: bytes = b"",
        start: datetime = START,
        sent_at: bytes = b"",
        event: bytes = b"S12",
    ) -> bytes:
        """The message with this control id, about this appointment, else one of its own; twelve bytes make 1,500."""
        return self.text % {
            b"name": name,
            b"appointment": appointment or name,
            b"start": _local(start),
            b"end": _local(start + MINUTES),
            b"sent_at": sent_at or self.sent_at,
            b"event": event,
        }


def _local(at: datetime) -> bytes:
    return at.strftime("%Y%m%d%H%M%S").encode()


def siu() -> bytes:
    """One message of 1,500 bytes."""
    return Template().message(b"A00000000001")
