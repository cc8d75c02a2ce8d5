"""What a person or another system can do wrong, each with the HTTP status that tells it."""


class DomainError(Exception):
    """A refusal that a person may read: a msgid whose {places} the values fill after translation."""

    status = 400

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return self.message.format(**self.values) if self.values else self.message


class Invalid(DomainError):
    """What was sent cannot be right; `field` names the input that is to blame, if one is."""

    status = 422

    def __init__(self, message: str, /, *, field: str = "", **values: object) -> None:
        super().__init__(message, **values)
        self.field = field


class NotFound(DomainError):
    """There is no such thing, or the visitor may not know of it."""

    status = 404


class Conflict(DomainError):
    """The thing is no longer in the state that the request supposed."""

    status = 409


class Forbidden(DomainError):
    """The visitor is known and may not do this."""

    status = 403


class SignInNeeded(DomainError):
    """The visitor must sign in first."""

    status = 401


class SecondFactorNeeded(SignInNeeded):
    """The visitor is signed in, and must show a second factor for this."""


class TooMany(DomainError):
    """A limit of attempts is reached; later it will work again."""

    status = 429


class Unavailable(DomainError):
    """A service that we need does not answer; nothing was changed."""

    status = 503
