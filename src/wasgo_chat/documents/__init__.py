"""The documents of the doors for machines: OpenAPI of the routes, AsyncAPI of the sockets."""
