"""WSGI entry point."""

import os

# One thread per search: more compete for the cores (16 ms a search instead of 0.7).
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.wsgi import get_wsgi_application

from config.checks import log_warnings

application = get_wsgi_application()
log_warnings()
