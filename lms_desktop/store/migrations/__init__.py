"""Steps from one version of the profile's database to the next, each old file kept beside the new one."""
