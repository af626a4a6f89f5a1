"""How good an attribution or a value is: held against refits, removals and planted faults."""
