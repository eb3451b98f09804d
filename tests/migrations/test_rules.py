"""Migrations follow the rules of `tests/support/migration_rules.py`, and the rules find violations."""

import textwrap

import pytest

from tests.support.migration_rules import checked_migrations, violations

BROKEN = {
    "op.drop_column('messages', 'content')": "drops a column",
    "op.drop_table('messages')": "drops a table",
    "op.rename_table('messages', 'notes')": "renames a table",
    "op.alter_column('messages', 'content', new_column_name='words')": "renames a column",
    "op.alter_column('messages', 'revision', type_=sa.BigInteger())": "rewrites the table",
    "op.alter_column('messages', 'content', nullable=False)": "reads the whole table",
    "op.add_column('messages', sa.Column('lang', sa.Text(), nullable=False))": "required and has no default",
    "op.add_column('messages', sa.Column('at', sa.DateTime(), server_default=sa.text('clock_timestamp()')))": "differs",
    "op.create_index('ix', 'messages', ['content'])": "blocks all writes",
    "op.create_unique_constraint('uq', 'messages', ['content'])": "blocks all writes",
    "op.create_foreign_key('fk', 'messages', 'users', ['a'], ['b'])": "under a lock",
    "op.create_check_constraint('ck', 'messages', 'true')": "under a lock",
    "op.execute('ALTER TABLE messages DROP COLUMN content')": "drops",
    "op.execute('ALTER TABLE messages ALTER COLUMN revision TYPE bigint')": "rewrites",
    "op.execute(sa.text('CREATE UNIQUE INDEX ix ON messages (content)'))": "blocks all writes",
    "op.execute('ALTER TABLE messages ADD CONSTRAINT ck CHECK (true)')": "under a lock",
    "op.execute('UPDATE messages SET content = NULL')": "in batches",
}

FINE = [
    "op.add_column('messages', sa.Column('lang', sa.Text(), nullable=True))",
    "op.add_column('messages', sa.Column('n', sa.BigInteger(), server_default='0', nullable=False))",
    "op.create_index('ix', 'messages', ['content'], postgresql_concurrently=True)",
    "create_index_concurrently('ix', 'messages', ['content'])",
    "op.create_table('fresh', sa.Column('id', sa.Uuid()))\n    op.create_index('ix', 'fresh', ['id'])",
    "op.create_foreign_key('fk', 'messages', 'users', ['a'], ['b'], postgresql_not_valid=True)",
    "op.execute('ALTER TABLE messages VALIDATE CONSTRAINT fk')",
    "op.execute('ALTER TABLE messages ADD CONSTRAINT ck CHECK (true) NOT VALID')",
    "op.drop_column('messages', 'old')  # allowed: nothing has read it since the release before",
]


def migration(body: str) -> str:
    return textwrap.dedent("def upgrade():\n") + f"    {body}\n\ndef downgrade():\n    op.drop_table('fresh')\n"


@pytest.mark.parametrize("path", checked_migrations(), ids=lambda path: path.stem)
def test_a_migration_keeps_the_previous_release_running(path: object) -> None:
    with open(str(path), encoding="utf-8") as file:
        assert violations(file.read()) == []


@pytest.mark.parametrize("body", BROKEN)
def test_a_violation_of_a_rule_is_found(body: str) -> None:
    found = violations(migration(body))
    assert [broken.line for broken in found] == [2]
    assert BROKEN[body] in found[0].why


@pytest.mark.parametrize("body", FINE)
def test_a_migration_without_violations_passes(body: str) -> None:
    assert violations(migration(body)) == []
