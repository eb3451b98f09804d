"""`wasgo-chat doctor`: looks at everything the service needs, and says what to do about what it finds.

One module a check; each takes the settings and gives findings, and none raises for what it was sent to find.
"""
