"""Everything that may differ from one installation to the next, read once at the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cishan.kernel.quiet import QuietHours, quiet_hours

ROOT = Path(__file__).resolve().parents[2]
APP_ROLE = "cishan_app"
"""The PostgreSQL role with which the web and the worker speak to the database; it owns nothing."""

SANDBOX_KEY = "sk_test_sandbox"
SANDBOX_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105
DEMO_SECRET = "demo-secret-for-this-machine-only"  # noqa: S105


class SettingsError(Exception):
    """A setting is missing or cannot be read; the message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """The charity in whose name the site speaks, as its certificates print it."""

    name: str
    short_name: str
    uscc: str
    """Unified social credit code, 18 characters."""
    certificate_no: str
    """Public fundraising certificate (公开募捐资格证书)."""
    phone: str
    complaint_phone: str
    address: str
    email: str


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """A bucket of an S3-compatible service, in which files lie."""

    endpoint: str
    name: str
    region: str
    key: str
    secret: str
    in_host_name: bool
    """The endpoint names the bucket in its host (bucket.oss-cn-….example), not in the path."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. Passed to what needs them; nobody imports a global copy."""

    organisation: Organisation
    debug: bool
    demo: bool
    """Show the demo ribbon, the outbox page and the demo accounts."""
    public_url: str
    """Scheme and host under which people reach the site, without a slash at the end."""
    host: str
    port: int
    data_dir: Path
    """Uploads, the embedded database and exports; ignored by git."""
    bucket: BucketSettings | None
    """Where uploads lie if not under data_dir."""
    database_url: str
    """Empty: the embedded PostgreSQL under data_dir."""
    database_role: str
    secret_key: str
    """Signs links and cookies; at least 32 characters unless demo."""
    data_keys: tuple[str, ...]
    """Encrypt personal data: the first writes, all can be read. Empty: secret_key does."""
    stripe_secret_key: str
    stripe_webhook_secrets: tuple[str, ...]
    """More than one during a rotation."""
    stripe_api_base: str
    """Empty: Stripe itself."""
    sandbox_port: int
    meilisearch_url: str
    meilisearch_key: str
    smtp_url: str
    """Empty: letters stay in the outbox page. smtp://user:password@host:587 or smtps://…"""
    mail_from: str
    sms_url: str
    """Empty: text messages stay in the outbox page. Else where `gateways/sms.py` posts them."""
    sms_token: str
    sms_quiet_hours: QuietHours | None
    """When text messages that can wait wait, by China's clock; None: never."""
    trusted_proxies: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    """Host names, beside the one of public_url, under which the site answers."""
    near_expiry_days: int
    """Goods with fewer days left than that, or as many, are on the list of what to hand out first."""
    count_every_days: int
    """A bin that nobody counted for so long is suggested for a stocktake."""
    metrics_host: str
    metrics_port: int
    """Prometheus reads web here, and the worker one port higher; 0: nowhere."""
    log_format: str
    """'json' for machines, 'text' for a person at the terminal."""

    @property
    def stripe_is_sandbox(self) -> bool:
        """Tell whether payments go to the local payment sandbox."""
        return bool(self.stripe_api_base)

    @property
    def secure_cookies(self) -> bool:
        """Tell whether the site is served over TLS."""
        return self.public_url.startswith("https://")


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings from the environment; raise SettingsError for what cannot be right."""
    port = _port(environ, "PORT", 8000)
    sandbox_port = _port(environ, "SANDBOX_PORT", 12111)
    demo = _flag(environ, "CISHAN_DEMO", True)
    stripe_key = environ.get("STRIPE_SECRET_KEY", "")
    secrets = tuple(s.strip() for s in environ.get("STRIPE_WEBHOOK_SECRET", "").split(",") if s.strip())
    if stripe_key and not secrets:
        raise SettingsError("STRIPE_SECRET_KEY is set but STRIPE_WEBHOOK_SECRET is not.")
    secret_key = environ.get("SECRET_KEY", DEMO_SECRET if demo else "")
    if not demo and len(secret_key) < 32:
        raise SettingsError("SECRET_KEY must have at least 32 characters when CISHAN_DEMO=0.")
    data_keys = tuple(key.strip() for key in environ.get("DATA_KEYS", "").split(",") if key.strip())
    if not demo and any(len(key) < 32 for key in data_keys):
        raise SettingsError("Each of DATA_KEYS must have at least 32 characters when CISHAN_DEMO=0.")
    default_base = "" if stripe_key else f"http://127.0.0.1:{sandbox_port}"
    return Settings(
        organisation=_organisation(environ),
        debug=_flag(environ, "DEBUG", False),
        demo=demo,
        public_url=environ.get("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/"),
        host=environ.get("HOST", "127.0.0.1"),
        port=port,
        data_dir=Path(environ.get("CISHAN_DATA", str(ROOT / ".local"))),
        bucket=_bucket(environ),
        database_url=environ.get("DATABASE_URL", ""),
        database_role=""
        if _flag(environ, "CISHAN_AS_OWNER", False)
        else environ.get("DATABASE_ROLE", APP_ROLE),
        secret_key=secret_key,
        data_keys=data_keys,
        stripe_secret_key=stripe_key or SANDBOX_KEY,
        stripe_webhook_secrets=secrets or (SANDBOX_WEBHOOK_SECRET,),
        stripe_api_base=environ.get("STRIPE_API_BASE", default_base).rstrip("/"),
        sandbox_port=sandbox_port,
        meilisearch_url=environ.get("MEILISEARCH_URL", ""),
        meilisearch_key=environ.get("MEILISEARCH_KEY", ""),
        smtp_url=environ.get("SMTP_URL", ""),
        mail_from=environ.get("MAIL_FROM", "慈善筹 <noreply@cishan.example>"),
        sms_url=environ.get("SMS_URL", ""),
        sms_token=environ.get("SMS_TOKEN", ""),
        sms_quiet_hours=_quiet(environ),
        trusted_proxies=tuple(p for p in environ.get("TRUSTED_PROXIES", "127.0.0.1").split(",") if p),
        allowed_hosts=tuple(
            host.strip().lower() for host in environ.get("ALLOWED_HOSTS", "").split(",") if host.strip()
        ),
        near_expiry_days=_days(environ, "NEAR_EXPIRY_DAYS", 60),
        count_every_days=_days(environ, "COUNT_EVERY_DAYS", 90),
        metrics_host=environ.get("METRICS_HOST", "127.0.0.1"),
        metrics_port=_port(environ, "METRICS_PORT", 0) if environ.get("METRICS_PORT", "0") != "0" else 0,
        log_format=_one_of(environ, "LOG_FORMAT", ("json", "text")),
    )


def _bucket(environ: Mapping[str, str]) -> BucketSettings | None:
    if not (name := environ.get("S3_BUCKET", "")):
        return None
    for needed in ("S3_KEY", "S3_SECRET"):
        if not environ.get(needed):
            raise SettingsError(f"S3_BUCKET is set but {needed} is not.")
    region = environ.get("S3_REGION", "us-east-1")
    endpoint = environ.get("S3_ENDPOINT", f"https://s3.{region}.amazonaws.com").rstrip("/")
    if not endpoint.startswith(("https://", "http://")):
        raise SettingsError("S3_ENDPOINT must begin with https:// (or http:// on the same machine).")
    style = _one_of(environ, "S3_STYLE", ("path", "host"))
    return BucketSettings(endpoint, name, region, environ["S3_KEY"], environ["S3_SECRET"], style == "host")


def _organisation(environ: Mapping[str, str]) -> Organisation:
    uscc = environ.get("ORG_USCC", "51371400MJ0000001G")
    return Organisation(
        name=environ.get("ORG_NAME", "德州市慈善总会（演示）"),
        short_name=environ.get("ORG_SHORT_NAME", "德州慈善总会"),
        uscc=uscc,
        certificate_no=environ.get("ORG_CERTIFICATE_NO", f"{uscc}（演示）"),
        phone=environ.get("ORG_PHONE", "0534-0000000"),
        complaint_phone=environ.get("ORG_COMPLAINT_PHONE", "0534-0000001"),
        address=environ.get("ORG_ADDRESS", "山东省德州市（演示地址）"),
        email=environ.get("ORG_EMAIL", "hello@cishan.example"),
    )


def _flag(environ: Mapping[str, str], name: str, default: bool) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return default if not value else value in {"1", "true", "yes", "on"}
    raise SettingsError(f"{name} must be 1 or 0, not {value!r}.")


def _one_of(environ: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    value = environ.get(name, "") or words[0]
    if value not in words:
        raise SettingsError(f"{name} must be one of {', '.join(words)}, not {value!r}.")
    return value


def _quiet(environ: Mapping[str, str]) -> QuietHours | None:
    value = environ.get("SMS_QUIET_HOURS", "21:00-08:00")
    try:
        return quiet_hours(value)
    except ValueError:
        raise SettingsError(f"SMS_QUIET_HOURS must look like 21:00-08:00, not {value!r}.") from None


def _days(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, "") or str(default)
    if not value.isdigit() or not 0 < int(value) <= 3650:
        raise SettingsError(f"{name} must be a number of days, not {value!r}.")
    return int(value)


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, str(default))
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise SettingsError(f"{name} must be a port number, not {value!r}.")
    return int(value)
