"""A schema for every table, so that tables can be released and compared field by field."""

from __future__ import annotations

from dataclasses import replace

from pipeline.core.errors import InvalidData, Kind, Problem, Reasons
from pipeline.core.quoting import identifier
from pipeline.package.descriptor import check_column_names, check_schema
from pipeline.package.package import Package, Resource
from pipeline.table.relation import connect, labels, raw, source


def with_schemas(package: Package) -> Package:
    """The package with a schema for every table that says all that its file holds.

    Where there is none, it is the one that frictionless infers. Where `fieldsMatch` lets the file have columns that
    the schema does not describe, they become fields of any type.
    """
    reasons, resources = Reasons(), []
    for resource in package.resources:
        with reasons.gathered():
            resources.append(_with_schema(package, resource))
    reasons.refuse()
    return package.with_resources(tuple(resources))


def _with_schema(package: Package, resource: Resource) -> Resource:
    if not resource.is_table:
        return resource
    if resource.schema is None:
        resource = _inferred(package, resource)
    elif "fieldsMatch" in resource.schema:
        resource = _completed(package, resource)
    check_schema(resource.schema or {}, resource.name, str(package.file))
    check_column_names(resource.schema or {}, resource.name, str(package.file))
    return resource


def _inferred(package: Package, resource: Resource) -> Resource:
    import frictionless

    try:
        described = frictionless.Resource.from_descriptor(
            {"name": resource.name, **source(resource)}, basepath=str(package.folder)
        )
        described.infer()
    except frictionless.FrictionlessException as error:
        rule = f"has no schema, and none can be inferred: {error.error.message.rstrip('.')}"
        fix = "Give the table a `schema`, or mend its file."
        raise InvalidData(
            Problem(Kind.INVALID_TABLE, rule, fix, file=", ".join(resource.paths) or resource.name)
        ) from None
    schema = described.schema.to_descriptor()
    dialect = described.dialect.to_descriptor() if described.dialect else {}
    flat = {**dialect.pop("csv", {}), **dialect}
    descriptor = {**resource.descriptor, "schema": schema, "encoding": described.encoding} | (
        {"dialect": flat} if flat else {}
    )
    check_column_names(schema, resource.name, str(package.file))
    return _with_zeros(package, replace(resource, descriptor=descriptor, schema=schema))


AS_WRITTEN = {
    "integer": "0|-?[1-9][0-9]*",
    "number": r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?",
    "boolean": "true|false",
}
"""The texts that a value is written as. A column with others, such as 0114, holds codes, and stays text."""


def _with_zeros(package: Package, resource: Resource) -> Resource:
    """The resource whose inferred types do not change what a cell says."""
    fields = []
    with connect() as con:
        relation = raw(con, package, resource, "inferred")
        for field in resource.fields:
            expression = AS_WRITTEN.get(field["type"])
            name = identifier(field["name"])
            query = f"SELECT 1 FROM {relation} WHERE {name} <> '' AND NOT regexp_full_match({name}, $1) LIMIT 1"
            is_code = expression and con.execute(query, [expression]).fetchall()
            fields.append({**field, "type": "string"} if is_code else field)
    schema = {**(resource.schema or {}), "fields": fields}
    return replace(resource, descriptor={**resource.descriptor, "schema": schema}, schema=schema)


def _completed(package: Package, resource: Resource) -> Resource:
    schema = dict(resource.schema or {})
    more = [label for label in labels(package, resource) if label not in resource.field_names]
    schema["fields"] = [*resource.fields, *({"name": label, "type": "any"} for label in more)]
    return replace(resource, descriptor={**resource.descriptor, "schema": schema}, schema=schema)
