"""MongoDB adapters of the ports, one file per noun."""
