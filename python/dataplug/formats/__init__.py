"""The formats of the older interface, under the names that they have there."""
