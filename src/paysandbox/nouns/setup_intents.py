"""Setup intents: a card saved for later, by Checkout in setup mode."""

from paysandbox.config import Json
from paysandbox.nouns import payment_methods
from paysandbox.routing import listed, retrieved
from paysandbox.shapes import payments
from paysandbox.world import World


def complete(
    world: World, *, method: Json, customer: str | None, metadata: Json, description: str | None
) -> Json:
    """Save a method for a customer and return the intent that did it."""
    id = world.new_id("seti")
    intent = payments.setup_intent(
        id=id, created=world.now, client_secret=f"{id}_secret_{world.draw(25)}", method_types=[method["type"]]
    )
    intent |= {"customer": customer, "metadata": metadata, "description": description}
    world.add(intent)
    world.emit("setup_intent.created", intent)
    if customer is not None:
        payment_methods.attach(world, method, customer)
    intent |= {"status": "succeeded", "payment_method": method["id"]}
    world.save(intent)
    world.emit("setup_intent.succeeded", intent)
    return intent


listed("/v1/setup_intents", "setup_intent", "customer", "payment_method")
retrieved("/v1/setup_intents", "setup_intent", "intent")
