"""Settings: every value that an installation may change comes from the environment.

`.env.example` documents the variables. With no `DB_*` set the installation is *local*:
an embedded PostgreSQL under `VAR_DIR`, a generated secret key, mail written to files.
With `DB_*` set, production settings are required. This module only reads: importing it
makes no folder, file or connection.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from corsheaders.defaults import default_headers
from csp import constants as csp
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import SimpleLazyObject
from dotenv import load_dotenv

from config import env, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env")

DEBUG = env.flag("DEBUG")
LOCAL = not env.all_or_none("DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST")
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var"))).resolve()
SITE_NAME = env.text("SITE_NAME", "Reel")
PREPARATION_FILE = VAR_DIR / "preparation.json"  # see config.runtime.preparation

SECRET_KEY: Any = env.text("SECRET_KEY")
if not SECRET_KEY:
    if not LOCAL:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. It is required with DB_*: use 50 random characters "
            "and keep them secret."
        )
    # The file is made at the first use of the key.
    path = VAR_DIR / "secret_key"
    SECRET_KEY = SimpleLazyObject(partial(secret_key.read_or_create, path))
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
SITE_URL = env.text("SITE_URL", "http://127.0.0.1:8000")

# Behind TLS: cookies over HTTPS only, and the proxy's scheme header is trusted.
HTTPS = env.flag("HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

INSTALLED_APPS = [
    "config",
    "accounts",
    "videos",
    "interactions",
    "imports",
    "recommender",
    "demo",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.usersessions",
    "corsheaders",
    "django_tasks",
    "django_tasks_db",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "csp.middleware.CSPMiddleware",
    "rest.middleware.RefuseUnreadable",
    "rest.middleware.NoticeProxies",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.CompressTexts",
    "config.middleware.private_by_default",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.UseTimeZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.same_user",
    "rest.middleware.ErrorPages",
]

# What pages may load and do. Scripts and styles come from files of this site alone; the
# nonce is for the styles that media-chrome makes (`static/js/style-nonce.js`).

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.NONE],
        "script-src": [csp.SELF],
        "style-src": [csp.SELF, csp.NONCE],
        "img-src": [csp.SELF, "data:"],
        "font-src": [csp.SELF],
        "media-src": [csp.SELF],
        "connect-src": [csp.SELF],
        "manifest-src": [csp.SELF],
        "form-action": [csp.SELF],
        "base-uri": [csp.NONE],
        "frame-ancestors": [csp.NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope"),
        *("hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb"),
    )
}

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["config.templatetags.icons"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ],
        },
    }
]

# Database

if LOCAL:
    DATABASES = {
        "default": {
            "ENGINE": "config.runtime.postgres",
            "NAME": "platform",
            "EMBEDDED_ROOT": str(VAR_DIR / "postgres"),
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": env.text("DB_NAME"),
            "USER": env.text("DB_USER"),
            "PASSWORD": env.text("DB_PASSWORD"),
            "HOST": env.text("DB_HOST"),
            "PORT": env.text("DB_PORT", "5432"),
        }
    }
DATABASES["default"]["CONN_MAX_AGE"] = 600  # type: ignore[assignment]
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # type: ignore[assignment]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Neo4j: an optional mirror of the interaction graph. `recommender.graph.mirror.address`
# looks for the server of `make neo4j` if NEO4J_URI is None.

NEO4J_URI: str | None = env.text("NEO4J_URI") or None
NEO4J_USER = env.text("NEO4J_USER", "neo4j")
NEO4J_PASSWORD = env.text("NEO4J_PASSWORD")
NEO4J_PAGE_BUDGET = timedelta(milliseconds=250)  # how long a page waits for a result
if NEO4J_URI and not NEO4J_PASSWORD:
    raise ImproperlyConfigured("NEO4J_URI is set, but not NEO4J_PASSWORD.")

# All processes must share the default cache, for the limits on log-in attempts. Without
# Redis it is a table of the database. `throttles` holds the rate limits of the API.
REDIS_URL = env.text("REDIS_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
CACHES["throttles"] = (
    CACHES["default"]
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "throttles",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
)

# Accounts

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_USERNAME_BLACKLIST = [  # names that look official
    *("admin", "administrator", "anonymous", "api", "help", "me", "moderator"),
    *("official", "root", "security", "staff", "support", "system", SITE_NAME),
]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True  # a new address replaces the old one when confirmed
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
HEADLESS_CLIENTS = ["app"]  # for `accounts.api`; browsers use the pages
HEADLESS_TOKEN_STRATEGY = "accounts.authentication.BearerStrategy"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0)

# Functions of the apps above `accounts`, which may not import them. Each is called as
# `function(user=...)` in the transaction.
ON_INTERESTS_CHANGED = ["interactions.services.seed_interests"]
ON_PROFILE_CHANGED = ["videos.services.refresh_search_of"]
BEFORE_ACCOUNT_DELETION = [
    "interactions.services.forget_person",
    "videos.services.delete_videos_of",
]

# Mail

DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"{SITE_NAME} <no-reply@localhost>")
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "django.core.mail.backends.filebased.EmailBackend"
)

# Static files and media

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [
    BASE_DIR / "static",
    ("vendor/cytoscape", NODE_MODULES / "cytoscape" / "dist"),
    ("vendor/htmx", NODE_MODULES / "htmx.org" / "dist"),
    ("vendor/inter", NODE_MODULES / "@fontsource-variable" / "inter"),
    ("vendor/media-chrome", NODE_MODULES / "media-chrome" / "dist"),
    ("vendor/vega", NODE_MODULES / "vega" / "build"),
    ("vendor/vega-interpreter", NODE_MODULES / "vega-interpreter" / "build"),
    ("vendor/vega-lite", NODE_MODULES / "vega-lite" / "build"),
]
STATICFILES_FINDERS = [
    "config.static_files.UsedFilesFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.static_files.MadeFilesFinder",
]
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "videos.files.storage.MediaStorage"},
    "staticfiles": {"BACKEND": "config.static_files.HashedStaticFiles"},
}
WHITENOISE_USE_FINDERS = LOCAL  # so that a local start needs no collectstatic
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_AUTOREFRESH = DEBUG

# Limits of uploads

UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_MB", 2048, at_least=1) * 1024 * 1024
IMAGE_MAX_BYTES = 10 * 1024 * 1024
IMAGE_MAX_PIXELS = 40_000_000
VIDEO_MAX_SECONDS = 12 * 3600
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "tmp"
FILE_UPLOAD_HANDLERS = [
    "videos.files.uploads.SizeLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
X_ACCEL_REDIRECT = env.text("X_ACCEL_REDIRECT")  # nginx's internal location of media
FFMPEG = env.text("FFMPEG")  # empty: the binary of imageio-ffmpeg

# Interactions

VIEW_THRESHOLD = env.fraction("VIEW_THRESHOLD", 0.3)
# The time in which the sessions of a person with one video are one view.
VIEW_WINDOW = timedelta(minutes=env.integer("VIEW_WINDOW_MINUTES", 30))
# The engagement of a view without a watch time; a full watch has 0.6.
UNTIMED_VIEW_WEIGHT = env.fraction("UNTIMED_VIEW_WEIGHT", 0.3)
INTEREST_HALF_LIFE = timedelta(days=env.integer("INTEREST_HALF_LIFE_DAYS", 30))

# Import over the network: `import_socialverse`, and daily if all three are set
SOCIALVERSE_REFRESH = "imports.socialverse.run.refresh"
API_BASE_URL = env.text("API_BASE_URL")
FLIC_TOKEN = env.text("FLIC_TOKEN")
RESONANCE_ALGORITHM = env.text("RESONANCE_ALGORITHM")

# Recommender

ARTIFACTS_DIR = VAR_DIR / "artifacts"
CATALOGUE_DIR = VAR_DIR / "catalogue"
# Beyond this age of the stored catalogue, web processes build their own.
CATALOGUE_MAX_AGE = timedelta(minutes=10)
# The time of a training, from the snapshot to the index.
TRAIN_MINUTES = env.integer("TRAIN_MINUTES", 30, at_least=1)
RETRAIN_EVERY = timedelta(hours=env.integer("RETRAIN_EVERY_HOURS", 24, at_least=1))
FEED_PAGE_SIZE = 24
# Whether `/feed` and `/posts/all` need no secret of a service client.
FEED_API_OPEN = env.flag("FEED_API_OPEN")
# Whether Personalize's clients send `eventValue` of a watch as a percentage.
PERSONALIZE_PERCENT = env.flag("PERSONALIZE_PERCENT")
# The best `eventValue` of a rating that they send.
PERSONALIZE_RATING_SCALE = env.integer("PERSONALIZE_RATING_SCALE", 100, at_least=1)
TEXT_MODEL = env.text("TEXT_MODEL")
SNAPSHOTS_DIR = VAR_DIR / "snapshots"
CHECKPOINTS_DIR = VAR_DIR / "checkpoints"
# The time between two checkpoints of a training.
CHECKPOINT_EVERY = timedelta(seconds=env.integer("CHECKPOINT_SECONDS", 60))
MODEL = env.text("MODEL", "blend")  # the model to train and serve
WATCHED_FROM = env.fraction("WATCHED_FROM", 0.5)
# Changed defaults of models; see the `Config` of each.
MODEL_CONFIGS: dict[str, dict[str, Any]] = {
    "user_item": {"watched_from": WATCHED_FROM},
    "hybrid": (
        {"weight": env.fraction("HYBRID_WEIGHT", 0.5)}
        if env.text("HYBRID_WEIGHT")
        else {}
    ),
}

# Weights in the graph of an "inspires me" and of a rating of 100 %; a full watch with a
# like has 1.
INSPIRE_WEIGHT = env.fraction("INSPIRE_WEIGHT", 1.0)
RATING_WEIGHT = env.fraction("RATING_WEIGHT", 1.0)

# Ranking and exploration; see docs/ranking.md

RANKERS_DIR = VAR_DIR / "rankers"
RANKER_MIN_IMPRESSIONS = env.integer("RANKER_MIN_IMPRESSIONS", 10_000, at_least=100)
IMPRESSIONS_KEPT = timedelta(days=env.integer("IMPRESSIONS_KEPT_DAYS", 90, at_least=2))
EXPLORE_MAX_AGE = timedelta(days=env.integer("EXPLORE_MAX_AGE_DAYS", 30))
EXPLORE_MAX_IMPRESSIONS = env.integer("EXPLORE_MAX_IMPRESSIONS", 200)
EXPLORE_UNIFORM = env.fraction("EXPLORE_UNIFORM", 0.2)

# Background tasks: `manage.py run_worker`

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
TASK_MAX_ATTEMPTS = 3
DUE_JOBS: dict[str, timedelta] = {
    "accounts.tasks.forget_idempotency_keys": timedelta(days=1),
    "interactions.tasks.forget_events": timedelta(days=1),
    "interactions.tasks.sum_up_again": timedelta(days=1),
    "interactions.tasks.forget_impressions": timedelta(days=1),
    "videos.tasks.make_renditions": timedelta(days=1),
    "recommender.tasks.retrain": RETRAIN_EVERY,
    "recommender.tasks.prune": timedelta(days=1),
    "recommender.tasks.prune_graph_outbox": timedelta(days=1),
    "recommender.tasks.embed_texts": timedelta(days=1),
    "recommender.tasks.tell_moods": timedelta(days=1),
    "recommender.tasks.compute_daily_models": timedelta(days=1),
    "recommender.tasks.count_audiences": timedelta(minutes=10),
    "recommender.tasks.store_catalogue": timedelta(minutes=2),
    "recommender.tasks.train_ranker": timedelta(days=1),
}
if API_BASE_URL and FLIC_TOKEN and RESONANCE_ALGORITHM:
    DUE_JOBS["interactions.tasks.refresh_socialverse"] = timedelta(days=1)

# API

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "rest.schema.Schema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.SessionToken",
        "accounts.authentication.BrowserSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticatedOrReadOnly"
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest.renderers.FastJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": [
        "rest.throttles.AnonymousThrottle",
        "rest.throttles.PersonThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": f"{env.integer('API_ANONYMOUS_PER_MINUTE', 120, at_least=1)}/min",
        "user": f"{env.integer('API_USER_PER_MINUTE', 600, at_least=1)}/min",
        "events": "120/min",
        "anonymous_sessions": "120/hour",
    },
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
    "EXCEPTION_HANDLER": "rest.problems.problem",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{SITE_NAME} API",
    "DESCRIPTION": "The functions of the site, for apps. Log in at `auth/login/` and "
    "send the token as `Authorization: Bearer TOKEN`. Errors are RFC 9457 problems.",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # With `deepLinking`, each button of an operation has a link in it.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False},
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "AUTHENTICATION_WHITELIST": ["accounts.authentication.SessionToken"],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_NAME_OVERRIDES": {
        "EventType": ["watch", "impression", "click"],
        "AuthenticatorType": ["totp", "recovery_codes"],
    },
}
# Other origins whose pages may call the API.
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-match",
    "if-none-match",
]
CORS_EXPOSE_HEADERS = ["ETag", "Idempotency-Replayed", "Location", "Retry-After"]

# Monitoring: clients with this token, and administrators, may read /metrics

METRICS_TOKEN = env.text("METRICS_TOKEN")

# Locale, logging

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {  # faiss logs every start, implicit every iteration
        name: {"level": "WARNING"} for name in ("faiss", "implicit")
    }
    # Its warnings about retries show URLs that contain secrets.
    | {"urllib3": {"level": "ERROR"}}
    # It warns of each request that waits for a thread.
    | {"waitress.queue": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}
