"""How good the choice of officers is, and how fast: `make bench ARGS="--only quality"`."""
