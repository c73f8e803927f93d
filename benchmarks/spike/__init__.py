"""`make spike`: a crowd signs on a stack in the emulator. Meanwhile the table fails, and SES's quota is used up."""
