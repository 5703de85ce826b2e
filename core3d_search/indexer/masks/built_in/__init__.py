"""The built-in mask generator: regions of an RGB-D image, merged by two small networks that ship with the package."""
