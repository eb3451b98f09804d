"""Generated from docs/openapi.json and docs/asyncapi.json: do not edit."""
