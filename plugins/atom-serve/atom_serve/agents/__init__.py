"""For agents: what the host can do, as tools of the Model Context Protocol."""
