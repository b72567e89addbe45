"""The parts of archives, one noun in each module, as PART: see `webapp.archives.part`."""
