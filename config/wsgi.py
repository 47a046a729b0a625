"""WSGI entry point."""

import os

# One thread a search: otherwise FAISS and BLAS fight over the cores (16 ms, not 0.7).
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
