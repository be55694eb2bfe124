"""The rules of charging: values and decisions, without I/O, clock reads or frameworks."""
