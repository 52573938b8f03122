"""As entities, which says what there is instead."""

from . import entities as entities
