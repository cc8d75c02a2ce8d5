"""Speed, told as ratios within one run: of gifts and postings to pgbench, of pages to an empty handler."""
