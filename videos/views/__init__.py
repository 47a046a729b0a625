"""Pages of videos: watching, uploading, the studio, search."""
