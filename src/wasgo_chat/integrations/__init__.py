"""Conversations that other services address by the object they belong to, such as a bid or a job."""
