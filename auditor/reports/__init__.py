"""Reports: what one audit came to, written down for people and programs.

The law of this package: a form is a pure function from a report to text; the same report gives the same
text, byte for byte. Nothing here asks, sorts out or hides anything, except what would harm a reader's
terminal or page.
"""
