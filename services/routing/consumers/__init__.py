"""What routing hears: reports from intake, deliveries from notify, duty from the forces' duty systems."""
