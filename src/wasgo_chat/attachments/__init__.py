"""Attachments: taken in, checked, stored, claimed by messages, served by signed links, swept when nobody has them."""
