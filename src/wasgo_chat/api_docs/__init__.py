"""The OpenAPI document of the routes and the AsyncAPI document of the sockets."""
