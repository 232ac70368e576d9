"""Words planted where people tell things, and the search for them everywhere outside the vault."""
