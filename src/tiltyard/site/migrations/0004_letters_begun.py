"""How often a letter's sending was begun."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tiltyard", "0003_letters")]

    operations = [
        migrations.AddField("letter", "begun", models.PositiveSmallIntegerField(default=0)),
    ]
