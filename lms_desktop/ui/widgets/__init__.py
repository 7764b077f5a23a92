"""The parts that pages are made of; every part in every state is on the sheet of ``tests/ui/pictures.py``."""
