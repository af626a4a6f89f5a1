"""Questions and answers for other tools, and what people answered there back again; no package of theirs is used."""
