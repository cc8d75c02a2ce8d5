"""Products and prices, made beforehand or inline by `price_data`."""

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal, missing
from paysandbox.nouns.payment_intents import check_amount
from paysandbox.routing import listed, retrieved, route
from paysandbox.shapes import shop
from paysandbox.world import World

PRODUCT = "name description metadata active images statement_descriptor unit_label url"
PRICE_DATA = ("currency", "product", "product_data", "recurring", "tax_behavior", "unit_amount")
INTERVALS = {"day": 1095, "week": 156, "month": 36, "year": 3}
"""How many of each interval one period may have at most: three years."""


def create_product(world: World, given: Json, *, inline: bool = False) -> Json:
    """Make a product; one made inline cannot be used again and so is not active."""
    product = shop.product(
        id=world.new_id("prod", 14),
        created=world.now,
        name=params.required(given, "name"),
        description=params.text(given, "description"),
        active=not inline,
    )
    product["images"] = params.words(given, "images") or []
    product["metadata"] = params.metadata(given)
    world.add(product)
    if not inline:
        world.emit("product.created", product)
    return product


def create_price(
    world: World, given: Json, product: str, *, inline: bool = False, least: bool = False
) -> Json:
    """Make a price of a product; `least` also applies the smallest amount that can be charged."""
    currency = params.required(given, "currency").lower()
    if "unit_amount" not in given:
        raise missing("unit_amount")
    unit_amount = params.whole(given, "unit_amount", most=world.config.maximum_amount) or 0
    check_amount(world, unit_amount if least else world.config.minimum_amount, currency, "unit_amount")
    price = shop.price(
        id=world.new_id("price"),
        created=world.now,
        product=product,
        currency=currency,
        unit_amount=unit_amount,
        recurring=_recurring(given),
        active=not inline,
    )
    price["metadata"] = params.metadata(given)
    world.add(price)
    if not inline:
        world.emit("price.created", price)
    return price


def _recurring(given: Json) -> Json | None:
    if not given.get("recurring"):
        return None
    cycle = params.part(given, "recurring", ("interval", "interval_count"))
    params.required(cycle, "interval")
    interval = params.choice(cycle, "interval", INTERVALS) or ""
    count = params.whole(cycle, "interval_count", least=1, most=INTERVALS[interval]) or 1
    return {"interval": interval, "interval_count": count}


def price_of(world: World, line: Json, *, new_product: bool) -> tuple[Json, Json]:
    """Return price and product of a line that names a price or carries `price_data`."""
    named = params.text(line, "price")
    if named is not None:
        price = world.need("price", named, "price")
        if not price["active"]:
            raise Refusal(f"The price specified is inactive: {named}.", param="price")
        return price, world.need("product", price["product"])
    data = params.part(line, "price_data", PRICE_DATA)
    if not data:
        raise missing("price")
    product_id = params.text(data, "product")
    if product_id is not None:
        product = world.need("product", product_id, "price_data[product]")
    elif new_product:
        known = ("name", "description", "images", "metadata", "unit_label", "tax_code")
        wanted = params.part(data, "product_data", known)
        product = create_product(world, wanted, inline=True)
    else:
        raise missing("price_data[product]")
    return create_price(world, data, product["id"], inline=True), product


@route("POST", "/v1/products", PRODUCT + " id default_price_data")
def post_product(world: World, given: Json) -> Json:
    """Make a product."""
    return create_product(world, given)


@route("POST", "/v1/products/{id}", PRODUCT)
def update_product(world: World, given: Json, id: str) -> Json:
    """Change a product."""
    product = world.need("product", id)
    for name in ("name", "description", "statement_descriptor", "unit_label", "url"):
        if name in given:
            product[name] = params.text(given, name)
    active = params.flag(given, "active")
    product["active"] = product["active"] if active is None else active
    product["metadata"] = params.metadata(given, product["metadata"])
    product["updated"] = world.now
    world.save(product)
    world.emit("product.updated", product)
    return product


@route(
    "POST", "/v1/prices", "currency product product_data unit_amount recurring metadata tax_behavior nickname"
)
def post_price(world: World, given: Json) -> Json:
    """Make a price."""
    named = params.text(given, "product")
    if named is not None:
        product = world.need("product", named, "product")
    else:
        product = create_product(
            world, params.part(given, "product_data", ("name", "metadata", "unit_label"))
        )
    price = create_price(world, given, product["id"])
    price["nickname"] = params.text(given, "nickname")
    return world.save(price)


listed("/v1/products", "product")
retrieved("/v1/products", "product")
listed("/v1/prices", "price", "product")
retrieved("/v1/prices", "price", "price")
