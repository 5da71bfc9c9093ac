"""Every setting, read from the environment; it stands over `.env` beside manage.py.

Names begin with VERVET_ where they are ours; DATABASE_URL, SECRET_KEY, DEBUG and the AWS
variables are named as everywhere else.
"""

import os
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from config.variables import address, database, kept_secret, number, switch, words

BASE_DIR = Path(__file__).resolve().parent.parent
# Where its files lie: beside manage.py; of an installed one, where it is started.
IN_TREE = (BASE_DIR / "pyproject.toml").exists()
HOME = BASE_DIR if IN_TREE else Path.cwd()
ENV_FILE = Path(os.environ.get("VERVET_ENV_FILE", HOME / ".env"))
if "VERVET_ENV_FILE" in os.environ and not ENV_FILE.exists():
    raise ImproperlyConfigured(f"VERVET_ENV_FILE names {ENV_FILE}, which is not there.")
environ.Env.read_env(ENV_FILE)

# What a wheel carries inside config stands beside it in the tree.
BESIDE = BASE_DIR if IN_TREE else BASE_DIR / "config"

# Where files go that are no part of the program: the database, the key, static files, mails.
VAR = Path(os.environ.get("VERVET_VAR", str(HOME / "var")))

# -- How it is reached ------------------------------------------------------------------------

# The address under which people open the console; links in mails begin with it.
SITE_URL = os.environ.get("VERVET_URL", "http://127.0.0.1:8000").rstrip("/")
SITE = address("VERVET_URL", SITE_URL, ("http", "https"), "https://vervet.example.com")
if SITE.path or SITE.query or SITE.fragment:
    raise ImproperlyConfigured(
        "VERVET_URL must be a host alone, such as https://vervet.example.com, "
        f"with a port where it needs one; not {SITE_URL!r}."
    )
LOCAL = SITE.hostname in ("127.0.0.1", "localhost")
DEBUG = switch("DEBUG", False)
ALLOWED_HOSTS = words("ALLOWED_HOSTS", "127.0.0.1,localhost" if LOCAL else "")
if not LOCAL and not ALLOWED_HOSTS:
    ALLOWED_HOSTS = [str(SITE.hostname)]

SECRET_KEY = os.environ.get("SECRET_KEY", "")
if not SECRET_KEY and LOCAL:
    SECRET_KEY = kept_secret(VAR, "secret_key")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set it to a long random text; only a console on 127.0.0.1 makes "
        "its own. For example: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    )
# Digests of secret values (user data, environment values) are keyed with this, never with
# SECRET_KEY: changing the login key must not look like a change of every secret.
DIGEST_KEY = os.environ.get("VERVET_DIGEST_KEY") or kept_secret(VAR, "digest_key")

HTTPS = SITE.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = number("VERVET_SESSION_HOURS", 12, least=1) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_SSL_REDIRECT = switch("VERVET_REDIRECT_TO_HTTPS", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = number("VERVET_HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Alpine, which the console's dress uses, needs 'unsafe-eval'; nothing needs inline scripts.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# -- The application --------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "simple_history",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "knox",
    "django_q",
    "csp",
    "axes",
    "accounts",
    "items",
    "audits",
    "notifications",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.console.keeping_moment.KeepingMoment",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BESIDE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.console.moment.moment_shown",
            ]
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "accounts.seeing.GrantBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {},
        "MinimumLengthValidator": {"min_length": 12},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
AXES_FAILURE_LIMIT = number("VERVET_LOGIN_ATTEMPTS", 5, least=1)
AXES_COOLOFF_TIME = number("VERVET_LOGIN_PAUSE_HOURS", 1, least=1)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True

SIMPLE_HISTORY_REVERT_DISABLED = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = os.environ.get("VERVET_TIME_ZONE", "UTC")
if TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(
        f"VERVET_TIME_ZONE must be a name such as Europe/Zurich, not {TIME_ZONE!r}."
    )
USE_I18N = False
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BESIDE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# -- The database -----------------------------------------------------------------------------

DATABASE_URL = os.environ.get("DATABASE_URL") or f"sqlite:///{VAR / 'vervet.sqlite3'}"
DATABASES = {"default": database("DATABASE_URL", DATABASE_URL)}
SQLITE = DATABASE_URL.startswith("sqlite")
if SQLITE:
    # Without IMMEDIATE and a long timeout a third of concurrent jobs fail with "locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # Compiling a statement takes longer than any of ours runs: a third of a page's time.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")

# -- Jobs -------------------------------------------------------------------------------------

WORKERS = number("VERVET_WORKERS", 4, least=1)
JOB_TIMEOUT = number("VERVET_JOB_TIMEOUT", 900, least=1)
Q_CLUSTER = {
    "name": "vervet",
    "orm": "default",
    "workers": WORKERS,
    # `retry` counts from the moment that a job is fetched, so nothing may be fetched early,
    # and retry > timeout x (queue_limit / workers + 2).
    "queue_limit": WORKERS,
    "bulk": 1,
    "timeout": JOB_TIMEOUT,
    "retry": JOB_TIMEOUT * 4,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 250,
    "label": "Jobs",
    "ALT_CLUSTERS": {},
}

# -- Plugins ----------------------------------------------------------------------------------

# Folders whose Python files may add kinds of accounts, watchers, functions, notifiers, packs.
PLUGIN_FOLDERS = words("VERVET_PLUGINS")

# -- Watching ---------------------------------------------------------------------------------

# Seconds between two looks at a slice, where no watcher setting says otherwise.
SCAN_INTERVAL = number("VERVET_SCAN_INTERVAL", 900, least=60)
# Seconds for which a worker holds a slice without renewing its lease.
LEASE_SECONDS = number("VERVET_LEASE_SECONDS", 300, least=1)
# Items written in one transaction: SQLite has one write lock for everybody.
PORTION = number("VERVET_PORTION", 1000 if SQLITE else 5000, least=1)
FETCH_THREADS = number("VERVET_FETCH_THREADS", 16, least=1)
# Calls to a cloud: seconds until one is given up, and how often it is tried.
CALL_TIMEOUT = number("VERVET_CALL_TIMEOUT", 60, least=1)
CALL_ATTEMPTS = number("VERVET_CALL_ATTEMPTS", 6, least=1)

# Seconds between two looks at which accounts stand below an organisation or the like.
DISCOVER_INTERVAL = number("VERVET_DISCOVER_INTERVAL", 3600, least=60)
# Folders in which an account may name a file that holds a secret.
SECRET_FOLDERS = words(
    "VERVET_SECRET_FOLDERS",
    ",".join(
        filter(
            None, (str(VAR / "secrets"), "/run/secrets", os.environ.get("CREDENTIALS_DIRECTORY"))
        )
    ),
)

# -- Rules ------------------------------------------------------------------------------------

# Whether what decides is changed only with another person's yes.
SECOND_PERSON = switch("VERVET_SECOND_PERSON", False)

# -- Telling ----------------------------------------------------------------------------------

# Seconds in which what happens is gathered into one mail a subscription.
GATHERING_TIME = number("VERVET_GATHERING_TIME", 300)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("VERVET_MAIL_FROM", "vervet@localhost")
MAIL_FOLDER = os.environ.get("VERVET_MAIL_FOLDER", "")
if MAIL_FOLDER:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_FOLDER
else:
    SMTP_URL = os.environ.get("VERVET_SMTP_URL", "smtp://127.0.0.1:25")
    address(
        "VERVET_SMTP_URL",
        SMTP_URL,
        ("smtp", "smtp+tls", "smtp+ssl"),
        "smtp+tls://user:password@mail.example.com:587, or with smtp+ssl:// or smtp://",
    )
    globals().update(environ.Env.email_url_config(SMTP_URL))
EMAIL_TIMEOUT = number("VERVET_SMTP_TIMEOUT", 30, least=1)
# Where files of what is told are written: see notifiers/lines.py.
EXPORTS = Path(os.environ.get("VERVET_EXPORTS", str(VAR / "exports")))
# Networks inside to which notifiers may send; everything else inside is refused.
try:
    NOTIFY_INSIDE = [ip_network(one) for one in words("VERVET_NOTIFY_INSIDE")]
except ValueError as error:
    raise ImproperlyConfigured(
        f"VERVET_NOTIFY_INSIDE must be networks such as 10.1.0.0/16: {error}."
    ) from error

# -- The console ------------------------------------------------------------------------------

_INDIGO = {
    "50": "oklch(97% .016 268)",
    "100": "oklch(94% .033 268)",
    "200": "oklch(88% .062 268)",
    "300": "oklch(80% .102 268)",
    "400": "oklch(74% .125 268)",
    "500": "oklch(66% .16 268)",
    "600": "oklch(52% .19 268)",
    "700": "oklch(46% .17 268)",
    "800": "oklch(40% .14 268)",
    "900": "oklch(35% .11 268)",
    "950": "oklch(25% .08 268)",
}
UNFOLD = {
    "SITE_TITLE": "Vervet",
    "SITE_HEADER": "Vervet",
    "SITE_SUBHEADER": "Cloud configuration watch",
    "SITE_SYMBOL": "visibility",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "config.console.navigation.favicon"}
    ],
    "STYLES": ["config.console.navigation.stylesheet"],
    "COLORS": {"primary": _INDIGO},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "config.console.navigation.navigation",
    },
}
AXES_LOCKOUT_TEMPLATE = "console/locked.html"

# -- The API ----------------------------------------------------------------------------------

# Requests a minute by one token, or by one person without; 0: as many as come.
API_PER_MINUTE = number("VERVET_API_PER_MINUTE", 600)
KNOX_TOKEN_MODEL = "accounts.ApiToken"
# Its own table would stand beside ours, unused, and hold up what empties a database.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.counting.PerToken"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsing.KeepableJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "accounts.api.paging.Pages",
    "DEFAULT_SCHEMA_CLASS": "accounts.api.describing.Describing",
    "EXCEPTION_HANDLER": "accounts.api.problems.answer_problem",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Vervet",
    "DESCRIPTION": "Everything that the console shows and does, for programs. Lists, and each of "
    "their rows, also take `fields=id,name`: then only these are answered, and not all that is "
    "described as required.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_NAME_OVERRIDES": {
        "RunKindEnum": "items.models.Run.Kind",
        "RunStateEnum": "items.models.Run.State",
        "RuleStateEnum": "audits.models.Rule.State",
        "DeliveryKindEnum": "notifications.models.Delivery.Kind",
        "DeliveryStateEnum": "notifications.models.Delivery.State",
        "PreviewKindEnum": "audits.models.Preview.Kind",
        "PreviewStateEnum": "audits.models.Preview.State",
        "JustificationScopeEnum": "audits.models.Justification.Scope",
        "JustificationStateEnum": "audits.models.Justification.State",
    },
}

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL = os.environ.get("VERVET_LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in LOG_LEVELS:
    raise ImproperlyConfigured(
        f"VERVET_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, not {LOG_LEVEL!r}."
    )
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("axes", "azure", "botocore", "boto3", "django_structlog", "urllib3")
    }
    # What goes wrong with a broker is told by who called it, in one line.
    | {"pika": {"level": "CRITICAL"}},
}
