"""Users and tokens: authentication, the user mirror, pseudonyms of erased users, the audit log."""
