"""People's own data: erasing it, exporting it, and who did what. What a feature holds, it tells itself."""
