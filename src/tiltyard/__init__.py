"""Tiltyard: AI models attacked and defended under rules that cannot be bent."""
