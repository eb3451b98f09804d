"""Conversations and their participants: tables, roles, permissions and the operations that change them."""
