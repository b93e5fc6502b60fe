"""Numbers of rows in addresses."""

from django.urls.converters import IntConverter


class Row(IntConverter):
    """As many digits as every database takes for a number: nothing is where one has more."""

    regex = "[0-9]{1,18}"
