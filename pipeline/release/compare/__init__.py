"""What differs between two packages: their descriptions, schemas and rows, and how large a step that is.

change.py    one difference          words.py    in both languages
schema.py, licence.py, texts.py, renamed.py      descriptors
rows.py, values.py                               rows and cells
package.py   all of it: `with compare(old, new) as comparison`
"""

from pipeline.release.compare.change import Change, Row
from pipeline.release.compare.package import Comparison, compare
from pipeline.release.compare.rows import RowChanges

__all__ = ["Change", "Comparison", "Row", "RowChanges", "compare"]
