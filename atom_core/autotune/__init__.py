"""Which precision is fastest on this machine: measured once, remembered."""
