"""Publications between workers: envelopes, the publisher of this worker's commits, and the subscriber."""
