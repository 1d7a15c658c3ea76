"""The built-in loader of models in Hugging Face format."""
