"""Video files: probe, hash, segment, sample, cut and render (PyAV). Import what you need from the submodules."""
