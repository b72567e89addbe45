"""Makes files of extracted tables: CSV, lines of JSON, spreadsheets, and ZIPs of these.

The bytes are a function of the rows: nothing of the time, the machine or an order that may change
gets into them. Only a batch of rows is in memory at a time.
"""
