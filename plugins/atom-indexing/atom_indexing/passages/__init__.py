"""What is said and written in the library's videos: kept beside the clips, and searched as channels of their own."""
