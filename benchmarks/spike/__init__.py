"""`make spike`: a crowd signs on the local site, while the table is away and SES refuses."""
