"""Staff routes: inspect any conversation, dead deliveries and service metrics."""
