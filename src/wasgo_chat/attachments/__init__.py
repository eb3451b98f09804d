"""Attachments: uploads, storage, signed links, claims by messages, and the cleanup of orphans."""
