"""Other people's encoders: found, checked before they are built, made to agree with their tokenizers."""
