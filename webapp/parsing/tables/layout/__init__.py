"""Finds tables on a page by where its words and lines are, from a PDF or a picture alike.

x grows to the right, y upwards. `page` has the order of things: first the grids that are drawn
(`ruled`), then columns of white space in what is left (`columns`).
"""
