"""`wasgo-chat dev`: embedded servers and the demo data that the pages show."""
