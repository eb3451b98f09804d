"""`wasgo-chat doctor`: checks of everything the service depends on. Each module is one check and returns findings."""
