"""Who could be offered a referral in the coming days, where nobody could, and what would close most of it."""
