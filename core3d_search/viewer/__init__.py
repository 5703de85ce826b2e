"""A scene in 3D in the browser, to search in. Needs the extra `view` (viser).

What is shown is decided without viser: room.py (points and boxes, what a click means), highlights.py (what of an answer
stands out, and how), card.py (all that is known of one object, as HTML), camera.py (where to look from). page.py puts
it on one browser's page, run.py serves pages.
"""
