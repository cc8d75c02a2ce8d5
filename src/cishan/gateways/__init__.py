"""Every door to another machine. A composition root says once, by `use`, where the doors lead."""

from cishan.plumbing import crypto
from cishan.settings import Settings, SettingsError

_settings: Settings | None = None


def use(settings: Settings) -> None:
    """Let the gateways of this process speak to the services that the settings name."""
    global _settings  # noqa: PLW0603 - the one value that belongs to the process
    _settings = settings
    try:
        crypto.use(settings.secret_key, data_keys=settings.data_keys)
    except crypto.KeysClash as error:
        raise SettingsError(f"DATA_KEYS: {error}.") from error


def settings() -> Settings:
    """Return what `use` was given; it is our own bug if nobody called it."""
    assert _settings is not None, "gateways.use(settings) is the first call of a composition root"
    return _settings
