"""`wasgo-chat dev`: embedded servers, demo users and demo data."""
