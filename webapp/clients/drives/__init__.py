"""Cloud drives of users: folders are listed, files fetched and sent."""
