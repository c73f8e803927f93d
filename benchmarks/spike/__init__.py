"""`make spike`: a crowd signs on the embedded stack, the table goes away in the middle, SES has a quota."""
