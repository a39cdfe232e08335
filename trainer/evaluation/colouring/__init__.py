"""How good colorizers are on clean colour photos, beside leaving the photos grey and giving all of them one colour."""
