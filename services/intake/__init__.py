"""Intake, the ear: reports come in here, and who the person is stays here."""
