"""What Explore has besides videos: people to follow, and the taste map."""
