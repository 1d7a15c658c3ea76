"""The library made ready to be searched, beside the database: vectors in mapped files, rows and words in SQLite."""
