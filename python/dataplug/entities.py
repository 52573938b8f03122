"""Where the older package has the classes that formats in Python derive from; here are none."""

raise ImportError(
    "cloud-dataplug's formats of one's own, written in Python (dataplug.entities, "
    "dataplug.preprocessing), do not run here: formats are written in C (docs/format.md); a "
    "strategy of one's own can be a function in Python (docs/python.md)"
)
