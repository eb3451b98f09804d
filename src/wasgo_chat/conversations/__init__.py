"""Conversations and who is in them: tables, shapes, the role matrix and its gate, the verbs that change them."""
