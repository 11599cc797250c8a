"""What comes back: the replies of servers, and what they mean."""
