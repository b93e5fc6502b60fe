"""Example attacks in the contest's form: texts that are copied or run in the jail, never imported here."""
