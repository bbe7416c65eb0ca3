"""What is refused of a code map as a face uses it: gaps, words that the record lacks, words that do not come back."""

from __future__ import annotations

from integrator.mapping import record_model
from integrator.mapping.codes import CodeMap
from integrator.mapping.layers import refuse
from integrator.mapping.model import Declared, Field, Where


def check_codes(declared: Declared, field: Field, codes: CodeMap) -> None:
    """Raises ConfigError for the first thing that is wrong."""
    hl7 = declared.form.hl7
    file = next(iter(reversed(codes.texts)))
    here = Where(file, 1)
    words = record_model.codes(declared.record, field.place)
    if gaps := codes.gaps(hl7):
        shown = ", ".join(repr(code) if code != "\x00anything else" else "any other code" for code in gaps[0])
        more = f" and {len(gaps) - 1} more" if len(gaps) > 1 else ""
        refuse(f'{codes.name} has no row for {shown}{more}; add a row, or "*"', here)
    if codes.open and (codes.rows[-1].value is not None or codes.rows[-1].exact):
        refuse(f'the last row of an open code map is "*" with ""; add it to {codes.name}', here)
    for row in codes.rows:
        if words is not None and row.value is not None and row.value not in words:
            known = ", ".join(words)
            refuse(
                f"{row.value!r} is not a word of {declared.record}.{field.place.text}; it has {known}",
                Where(row.file, row.line),
            )
    for word in codes.lossy:
        if words is not None and word not in words:
            refuse(f"[lossy] {word}: not a word of {declared.record}.{field.place.text}", here)
    if declared.writes and field.written:
        _check_back(declared, field, codes, words or tuple(sorted(codes.words())), here)


def _check_back(declared: Declared, field: Field, codes: CodeMap, words: tuple[str, ...], here: Where) -> None:
    """Every word is written by some row and reads back as itself, or is lossy with the reason."""
    for word in words:
        if word in codes.lossy:
            continue
        written = codes.write(word)
        if written is None:
            refuse(f'no row of {codes.name} writes {word!r}; add one without "*", or say why under [lossy]', here)
        row = codes.read(written, declared.form.hl7).row
        if row is None or row.value != word:
            back = row.value if row else None
            row_at = next(one for one in codes.rows if one.value == word and one.exact)
            text = f"{word!r} is written as {', '.join(map(repr, written))} and reads back as {back!r}"
            refuse(f"{text}; move the row up, or say why under [lossy]", Where(row_at.file, row_at.line))
