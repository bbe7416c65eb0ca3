"""The migrations, one file each, oldest first; run by integrator/store/migrate.py when a store is opened."""
