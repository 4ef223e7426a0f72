"""Open data packages, from sources to a release that people can open.

A folder below this one is named after the command that runs it, and a stage imports no other stage. The modules on
the ground floor are what stages share: `errors`, `progress`, `files` and `names`; on them `descriptor`, `package`,
`project`, `sources` and `tables`.
"""
