"""Orders: FastAPI, PostgreSQL, migrations and a Celery worker, served by Morrow."""
