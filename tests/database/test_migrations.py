"""The expected schema revision: derived from the script names, and the same as Alembic's head."""

from alembic.script import ScriptDirectory

from wasgo_chat.database import migrations


def test_the_newest_revision_is_the_head_of_alembic() -> None:
    assert ScriptDirectory.from_config(migrations.config()).get_heads() == [migrations.head_revision()]


def test_the_scripts_are_named_after_their_revisions() -> None:
    for script in ScriptDirectory.from_config(migrations.config()).walk_revisions():
        assert script.module.__name__.partition("_")[0] == script.revision
