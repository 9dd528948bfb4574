"""What the processes beside the server have in common."""
