"""How fast the kit is, beside what people use today. `python -m bench` measures it all."""
