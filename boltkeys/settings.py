"""All settings, read from the environment from top to bottom. README.md lists the variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF

from boltkeys.local_secrets import local_secret
from boltkeys.postgres import Connection

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(environ.Env().str("BOLTKEYS_VAR", default=str(BASE_DIR / "var")))

env = environ.Env()

# --- What kind of installation -----------------------------------------------------------------------------------

REDIS_URL: str = env.str("REDIS_URL", default="")
EMBEDDED = not REDIS_URL and "DATABASE_URL" not in env.ENVIRON

PORT: int = env.int("PORT", default=8000)
BASE_URL: str = env.str("BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
SECURE = BASE_URL.startswith("https://")
LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=LOOPBACK_HOSTS)

# Whoever names a public host, or says DEBUG=false, runs a production: its secrets must be given, no demo is made.
DEVELOPMENT: bool = env.bool("DEBUG", default=set(ALLOWED_HOSTS) <= set(LOOPBACK_HOSTS))
DEBUG: bool = env.bool("DEBUG", default=False)
DEMO: bool = env.bool("DEMO", default=EMBEDDED and DEVELOPMENT)

SUPPORT_EMAIL: str = env.str("SUPPORT_EMAIL", default="support@example.com")
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)
WEB_PROCESSES: int = env.int("WEB_PROCESSES", default=1)
WEB_THREADS: int = env.int("WEB_THREADS", default=8)

# Who may read /metrics: whoever has the token when there is one, else these networks.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
METRICS_ALLOWED: list[str] = env.list("METRICS_ALLOWED", default=["127.0.0.0/8", "::1"])

SECRET_KEY: str = env.str("SECRET_KEY", default="") or local_secret(VAR_DIR, "secret_key", make=DEVELOPMENT)
JWT_SIGNING_KEY: str = env.str("JWT_SIGNING_KEY", default="") or local_secret(VAR_DIR, "jwt_key", make=DEVELOPMENT)

# Former ones, after a change: sessions, links and sealed secrets of before stay good.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])

# Encrypts the secrets that webhooks are signed with: the first of them, all decrypt. Unset: derived from SECRET_KEY.
WEBHOOK_ENCRYPTION_KEYS: list[str] = env.list("WEBHOOK_ENCRYPTION_KEYS", default=[])
# Receivers of webhooks that may have private addresses, and plain http: `name` or `name:port`.
WEBHOOK_ALLOWED_HOSTS: list[str] = env.list("WEBHOOK_ALLOWED_HOSTS", default=[])

CATALOGUE_FOLDERS = [BASE_DIR / "boltkeys" / "catalogues"]
if extra_catalogues := env.str("BOLTKEYS_CATALOGUES", default=""):
    CATALOGUE_FOLDERS.append(Path(extra_catalogues))

# --- The applications, from the top floor to the bottom ----------------------------------------------------------

INSTALLED_APPS = [
    "boltkeys",
    "apps.dashboard",
    "apps.api",
    "apps.webhooks",
    "apps.keys",
    "apps.records",
    "apps.projects",
    "apps.accounts",
    "apps.usage",
    "apps.audit",
    "apps.gate",
    "allauth",
    "allauth.account",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "csp",
    "rest_framework",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "apps.api.middleware.RequestId",
    "apps.api.middleware.ApiAnswers",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.dashboard.middleware.ReaderTimeZone",
    "apps.dashboard.middleware.LateChanges",
    "apps.dashboard.middleware.SignedIn",
]

ROOT_URLCONF = "boltkeys.urls"
WSGI_APPLICATION = "boltkeys.wsgi.application"
APPEND_SLASH = True  # of pages; no path of the API ends in a slash, and none is redirected

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.dashboard.context.navigation",
            ],
        },
    }
]

# --- Stores --------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'boltkeys.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A writer takes its lock when the transaction begins, so that two never deadlock; readers go on beside it (WAL).
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"].setdefault("OPTIONS", {})
    # Who waits for a database that is away keeps a thread from others: two seconds. A connection that died with a
    # database that was restarted is found out before it is used, and a new one is tried every second or two.
    pool_size = env.int("DATABASE_POOL", default=16)
    pool = {"min_size": 1, "max_size": pool_size, "timeout": 2, "reconnect_timeout": 1, "connection_class": Connection}
    DATABASES["default"]["OPTIONS"].update({"pool": pool, "connect_timeout": 3})
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True  # PgBouncer in transaction pooling has none

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if REDIS_URL:
    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "boltkeys.cache.FallbackCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "bk:cache",
            "OPTIONS": {
                "CONNECTION_FACTORY": "boltkeys.cache.Connections",
                "SOCKET_CONNECT_TIMEOUT": 1,
                "SOCKET_TIMEOUT": 1,
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",  # no pickles in Redis
            },
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "boltkeys",
            "OPTIONS": {"MAX_ENTRIES": 100_000},  # so many that nobody pushes out the count of their own failures
        }
    }

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- People --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "apps.accounts.passwords.MaximumLengthValidator"},
]
PASSWORD_RESET_TIMEOUT = 2 * 3600
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_ADAPTER = "apps.dashboard.account.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "apps.dashboard.account.forms.SignInForm",
    "change_password": "apps.dashboard.account.forms.ChangePasswordForm",
    "reset_password": "apps.dashboard.account.forms.ResetPasswordForm",
    "reset_password_from_key": "apps.dashboard.account.forms.NewPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # there is no sign-up; without it the sign-in form has no password
# People come by invitation or by an operator's command: their address is known to be theirs.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # this session goes on; all others end, as their hash is no longer right
ACCOUNT_SESSION_REMEMBER = True
# amount/period/of whom. `login` and `reset_*` guard the server, `login_failed*` the passwords: per address; per account
# and address; per account, from addresses that the account has not been used from (see the adapter).
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "20/m/ip,10/5m/key",
    "login_failed_account": "30/h/key",
    "reset_password": "20/m/ip,3/15m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "10/m/user",
}

email: dict[str, Any] = env.email_url("EMAIL_URL", default="consolemail://")
if email["EMAIL_FILE_PATH"]:
    email["EMAIL_FILE_PATH"] = f"/{email['EMAIL_FILE_PATH']}"  # filemail:///a/b means /a/b; django-environ says a/b
vars().update(email)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=SUPPORT_EMAIL)

# --- Security of pages ---------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "apps.accounts.sessions"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "boltkeys_session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "boltkeys_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
# Somebody who does nothing is signed out after these hours, and everybody after these days.
SESSION_COOKIE_AGE = env.int("SESSION_IDLE_HOURS", default=12) * 3600
SESSION_LIFETIME = env.int("SESSION_DAYS", default=14) * 24 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "apps.dashboard.errors.csrf_failure"
if SECURE:
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    # The dashboard is redirected to https; the API is not, so that a key sent in clear is noticed (ASVS 4.1.2).
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^v1/", r"^gate$", r"^healthz$", r"^readyz$", r"^metrics$"]
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- The API -------------------------------------------------------------------------------------------------------

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.api.authentication.ApiKeyAuthentication",
        "apps.api.users.UserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.parsers.StrictJSONParser"],
    "EXCEPTION_HANDLER": "apps.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.api.negotiation.AlwaysJson",
    "URL_FORMAT_OVERRIDE": None,
}

# --- Words, times, files -------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS: list[Any] = [
    BASE_DIR / "static",
    ("tabler", NODE_MODULES / "@tabler" / "core" / "dist"),
    ("htmx", NODE_MODULES / "htmx.org" / "dist"),
]
STATICFILES_FINDERS = ["boltkeys.static_files.NpmFiles", "boltkeys.static_files.AppFiles"]
# All that pages use of the packages. The map is named in the style sheet, so that its name must have its hash, too.
NPM_FILES = {"tabler/css/tabler.min.css", "tabler/css/tabler.min.css.map", "htmx/htmx.min.js"}
UNUSED_STATIC_FOLDERS = {"account", "django_htmx", "rest_framework"}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("map", "png", "woff", "woff2")
# Names with a hash of their content, so that browsers may keep them for ever: `manage.py collectstatic` writes them.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Logs ----------------------------------------------------------------------------------------------------------

LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "boltkeys.logs.Redact"}, "brief": {"()": "boltkeys.logs.BriefOnClients"}},
    "formatters": {"line": {"()": "boltkeys.logs.OneLine"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["brief", "redact"]},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {"django.server": {"handlers": ["stderr"], "propagate": False}},
}
