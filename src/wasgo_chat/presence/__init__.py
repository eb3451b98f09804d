"""Who is online, and who was last seen when."""
