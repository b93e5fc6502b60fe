"""Audit events are only added, whoever writes to the database."""

from django.db import migrations

from tiltyard.site.auditing.append_only import install, remove


class Migration(migrations.Migration):
    """Triggers on the table of audit events."""

    dependencies = [("tiltyard", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
