"""`make spike`: a crowd signs on the embedded stack, with a table outage in the middle and an SES quota."""
