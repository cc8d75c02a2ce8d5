"""A local payment service that speaks the part of the Stripe HTTP API that we use."""
