"""The site as a Django application."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Named apart from Django's own `sites`."""

    name = "tiltyard.site"
    label = "tiltyard"
    verbose_name = "Tiltyard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tiltyard.site.telling.words import translate_names

        for model in self.get_models():
            translate_names(model)
