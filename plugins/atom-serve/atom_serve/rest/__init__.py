"""What programs call: tasks, jobs, files, and what the server says of itself."""
