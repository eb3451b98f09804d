"""`make check`: the migrations create exactly the tables of the models, and can be reverted completely."""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.util import CommandError

from wasgo_chat.database import migrations
from wasgo_chat.development.embedded import Postgres
from wasgo_chat.settings.config import Settings


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        postgres = Postgres(Path(folder) / "postgres", {"fsync": "off"})
        postgres.start()
        try:
            url = Settings(database_url=postgres.url()).database_url
            migrations.upgrade(url)
            command.check(migrations.config(url))
            migrations.downgrade(url, "base")
            migrations.upgrade(url)
        except CommandError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        finally:
            postgres.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
