"""HTTP building blocks shared by all routes: dependencies, problems, pagination, idempotency, rate limits, middleware."""
