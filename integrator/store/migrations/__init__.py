"""The migrations, one file each in versions/, run by integrator/store/migrate.py when a store is opened.

A new one is written by hand: versions/NNNN_what.py with `revision`, `down_revision` and `upgrade`; HEAD in schema.py
names it, and tests/store/test_store_opening.py compares what the migrations make with the schema.
"""
