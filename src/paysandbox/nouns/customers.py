"""Customers."""

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import no_such
from paysandbox.routing import listed, retrieved, route
from paysandbox.shapes import shop
from paysandbox.world import World, public

KNOWN = "description email invoice_settings metadata name phone preferred_locales payment_method"


def _change(world: World, customer: Json, given: Json) -> None:
    for name in ("description", "email", "name", "phone"):
        if name in given:
            customer[name] = params.text(given, name, limit=512)
    customer["preferred_locales"] = params.words(given, "preferred_locales") or customer["preferred_locales"]
    customer["metadata"] = params.metadata(given, customer["metadata"])
    settings = params.part(given, "invoice_settings", ("default_payment_method",))
    method = params.text(settings, "default_payment_method")
    if method is not None:
        found = world.need("payment_method", method, "invoice_settings[default_payment_method]")
        if found["customer"] != customer["id"]:
            raise no_such("payment_method", method, "invoice_settings[default_payment_method]")
        customer["invoice_settings"]["default_payment_method"] = method
    world.save(customer)


@route("POST", "/v1/customers", KNOWN)
def create(world: World, given: Json) -> Json:
    """Make a customer."""
    customer = shop.customer(
        id=world.new_id("cus", 14),
        created=world.now,
        email=None,
        name=None,
        invoice_prefix=world.draw(8).upper(),
    )
    world.add(customer)
    _change(world, customer, given)
    world.emit("customer.created", customer)
    return customer


@route("POST", "/v1/customers/{id}", KNOWN)
def update_customer(world: World, given: Json, id: str) -> Json:
    """Change a customer."""
    customer = world.need("customer", id)
    before = public(customer).copy()
    _change(world, customer, given)
    changed = {name: before[name] for name in before if before[name] != customer[name]}
    world.emit("customer.updated", customer, changed=changed)
    return customer


listed("/v1/customers", "customer", "email")
retrieved("/v1/customers", "customer")
