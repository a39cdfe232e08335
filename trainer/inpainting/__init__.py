"""How inpainters are trained: masks, pictures, losses, validation, and what the loop needs to know of them."""
