"""What a model knows: figures on a labelled folder, two settings compared, and a page with the worst mistakes."""
