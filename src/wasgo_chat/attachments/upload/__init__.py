"""The upload pipeline: parse the form, detect the content type, clean images, scan for viruses."""
