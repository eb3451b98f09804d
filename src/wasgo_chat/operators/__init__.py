"""What the platform's staff see and do over everybody's conversations: the operators' doors."""
