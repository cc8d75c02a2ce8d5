"""A local payment service that speaks the part of the Stripe HTTP API that the platform uses.

It is part of the product (the default when no Stripe key is configured) and of the tests. It never imports
`cishan`, and `cishan` never imports it: they meet over HTTP. The official SDK works against it unchanged with
`base_addresses={"api": "http://127.0.0.1:12111"}` and any `sk_test_…` key. No real money moves.

Start: `python -m paysandbox --host 127.0.0.1 --port 12111 --state FILE --webhook-url URL
--webhook-secret whsec_…`; every option is also a PAYSANDBOX_… variable (`config.load`).

In a test, in one process: `app = create_app(Config(frozen_at=…, seed="…"))` from `paysandbox.app`, then
`httpx.ASGITransport(app=app)`. Nothing is sent then; `POST /_sandbox/deliveries/take` hands over the webhooks
as a list of `headers` and `body`, signed at that moment, for the test to post in any order.

The map:

- `config` settings, fees, delays; the pinned API version
- `app` the ASGI application, the clock's tick, the webhook sender; `__main__` the command line
- `api` the door of `/v1`: key, version, transport faults, idempotency, one transaction per request
- `routing` which function answers what; lists, cursors, `expand[]`
- `params` Stripe's form encoding and its checks; `errors` refusals in Stripe's shape
- `world` memory, clock, ids, calendar and events of one sandbox; `store` its SQLite file
- `shapes` templates of every object with all its fields
- `nouns` what each kind of object does; `nouns.balance` is the only place that moves money
- `deliveries` signed webhooks and their queue; `faults` rules that bend deliveries and API calls
- `control` and `commands` the control API under `/_sandbox`; `desk` its page for people
- `pages` and `texts` the hosted pages under `/c`, without JavaScript, in Chinese and English

How it differs from Stripe, knowingly: everything settles in CNY without conversion; a declined first payment
of a subscription leaves no objects; subscription amounts change only with `proration_behavior=none`; refused
requests (400, 404) are not kept under their idempotency key; the smallest amount is 1.00 CNY
(`Config.minimum_amount`), while Stripe asks for about half a US dollar.
"""
