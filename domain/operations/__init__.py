"""Operations: what operators order about the machinery itself, with who and why. Never how it is carried out."""
