"""Refusals in Stripe's shape."""

from paysandbox.config import Json


class Refusal(Exception):
    """An answer other than 200; with `keep`, what was done before it stays (a decline leaves a charge)."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        keep: bool = False,
        extra: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keep = keep
        self.error: Json = {"message": message, "type": type}
        if code is not None:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param is not None:
            self.error["param"] = param
        if decline_code is not None:
            self.error["decline_code"] = decline_code
        self.error |= extra or {}

    def body(self) -> Json:
        """Return the JSON body."""
        return {"error": self.error}


def missing(param: str) -> Refusal:
    """Return the refusal of a request that lacks a parameter."""
    return Refusal(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> Refusal:
    """Return the refusal of a parameter that the endpoint (or the sandbox) does not know."""
    return Refusal(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def no_such(kind: str, id: str, param: str) -> Refusal:
    """Return the refusal of an id that names nothing."""
    return Refusal(f"No such {kind}: '{id}'", status=404, code="resource_missing", param=param)
