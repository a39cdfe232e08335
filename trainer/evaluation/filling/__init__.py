"""How near inpainters come to what is below irregular holes in clean photos, beside four classical fills."""
