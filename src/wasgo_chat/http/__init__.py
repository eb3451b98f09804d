"""HTTP building blocks shared by all routes: dependencies, problems, pagination, rate limits, middleware."""
