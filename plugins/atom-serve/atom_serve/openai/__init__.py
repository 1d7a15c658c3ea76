"""What OpenAI's clients call: chat, embeddings, models."""
