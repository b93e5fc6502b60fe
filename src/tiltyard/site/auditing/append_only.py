"""Triggers by which the database itself refuses to change or delete audit events."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "tiltyard_auditevent"
REFUSAL = "audit events are never changed or deleted"
SQLITE = [
    f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$ "
    "LANGUAGE plpgsql",
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
]
WITHOUT_SQLITE = ["DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete"]
WITHOUT_POSTGRESQL = [
    f"DROP TRIGGER IF EXISTS audit_no_change ON {TABLE}",
    f"DROP TRIGGER IF EXISTS audit_no_truncate ON {TABLE}",
]


def install(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Adds the triggers."""
    _run(editor, POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE)


def remove(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Takes them away: only when the table itself goes."""
    _run(editor, WITHOUT_POSTGRESQL if editor.connection.vendor == "postgresql" else WITHOUT_SQLITE)


def _run(editor: BaseDatabaseSchemaEditor, statements: list[str]) -> None:
    for statement in statements:
        editor.execute(statement, params=None)
