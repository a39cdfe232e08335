"""Training colorizers: their recipe, pictures, losses, discriminator and validation."""
