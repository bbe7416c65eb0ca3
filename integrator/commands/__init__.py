"""The commands, one file a subject; each opens what it needs, says what happened, and ends."""
