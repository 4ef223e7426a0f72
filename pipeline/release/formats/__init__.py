"""The formats of a release, one module each; every writer takes the typed relations and leaves one file or folder.

Each gives the same bytes for the same tables, whatever the time, the folder and the number of cores.
"""
