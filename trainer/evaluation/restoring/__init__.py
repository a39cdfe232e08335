"""How near restored photos come to what an expert made of them, beside the same fill under the true mask."""
