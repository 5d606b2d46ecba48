"""Sources of candidates: symbolic (sound by construction) and model (an LLM)."""
