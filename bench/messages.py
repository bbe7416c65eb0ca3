"""The message that is measured: an invented scheduling message of 1,500 bytes, as a radiotherapy system sends it."""

from __future__ import annotations

SIZE = 1500
NUMBER = "HTEST-4711"  # the hospital number of the invented patient
CONTROL_ID, APPOINTMENT = "%CONTROL%", "%APPOINTMENT%"


SENT_AT = "20260302081200+0100"


def _text(note: str, number: str, sent_at: str) -> str:
    return (
        f"MSH|^~\\&|ARIA|RT^1.2.3^ISO|EHR|KLINIK|{sent_at}||SIU^S12^SIU_S12"
        f"|{CONTROL_ID}|T|2.5.1||||||8859/1\r"
        f"SCH|PL1^ARIA|{APPOINTMENT}^ARIA||SER1^ARIA||MD^machine down|3^10|NORMAL|20|min"
        "|^^20^20260302100000^20260302102000|9999^HTEST-Planer^Uwe^^^Dr|^^PH^^49^6221^56|||8888^HTEST-Müller^Anna||||7777^HTEST-Süß^Bert|||||Booked\r"
        "TQ1|1||||||20260302100000|20260302102000|R\r"
        f"NTE|1||Fraktion 3 von 10\rNTE|2||{note}\r"
        f"PID|1||{number}^^^KLINIK&1.2.276.0.76&ISO^MR~X123456789^^^GKV^NI||HTEST-Müller^Anna^Maria^^^^L||19610402|F"
        "|||Hauptstr. 1^^Heidelberg^^69115^DE^H||06221 56 1^PRN^PH\r"
        "PV1|1|O|RT^LINAC2^^KLINIK||||1234^HTEST-Arzt^Otto|||RAD||||||||V123^^^KLINIK^VN\rPV2|||C79.5^Metastasen\r"
        "DG1|1||C79.5^Sekundäre bösartige Neubildung des Knochens^ICD10GM|||A\rRGS|1|A\r"
        "AIS|1|A|RT-FRACTION^Bestrahlung^ARIA|20260302100000|||20|min^^ISO+||Booked\rNTE|1||Hinweis für das Personal\r"
        "AIG|1|A|LINAC2^Linac 2^L|EQ^Equipment^L||||20260302100000|||20|min\r"
        "AIL|1|A|RT^LINAC2^^KLINIK|C^Clinic^HL70305||20260302100000|||20|min||Booked\r"
        "AIP|1|A|5555^HTEST-Kraft^Tina|MTRA^MTRA^L||20260302100000|||20|min||Booked\r"
    )


class Template:
    """One SIU^S12 of seventeen segments in ISO 8859-1, padded in a note; only two numbers differ between messages."""

    def __init__(self, number: str = NUMBER, sent_at: str = SENT_AT):
        padding = "x" * (SIZE - len(self._filled(_text("", number, sent_at), "0" * 12)))
        before, _, rest = _text(padding, number, sent_at).partition(CONTROL_ID)
        between, _, after = rest.partition(APPOINTMENT)
        self.parts = tuple(part.encode("iso8859-1") for part in (before, between, after))

    @staticmethod
    def _filled(text: str, name: str) -> str:
        return text.replace(CONTROL_ID, name).replace(APPOINTMENT, name)

    def message(self, name: bytes) -> bytes:
        """The message with this control id, about the appointment of this number; twelve bytes make 1,500 of it."""
        before, between, after = self.parts
        return b"".join((before, name, between, name, after))


def siu() -> bytes:
    """One message of 1,500 bytes."""
    return Template().message(b"A00000000001")
