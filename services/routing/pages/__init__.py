"""The officers' and supervisors' pages, a module for each noun. They read and act through what the API does."""
