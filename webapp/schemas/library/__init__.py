"""Items, tasks and tags, their search, imports and exports."""
