"""Settings of what is stored, and where."""

from web.environment.config_values import Setting

STORAGE_SETTINGS = (
    Setting("TELECONNECT_DATA_DIR", "./data", "Folder of the database, keys and outbox."),
    Setting(
        "TELECONNECT_DATABASE_URL",
        "",
        "PostgreSQL to store in, as postgresql://user:password@host/name, or by its socket"
        " postgresql://user@/name?host=/run/postgresql; empty: SQLite in the data folder.",
        secret=True,
    ),
    Setting(
        "TELECONNECT_MASTER_KEY",
        "",
        "32 bytes in base64 that wrap all other keys; empty: they are in a file.",
        secret=True,
    ),
    Setting(
        "TELECONNECT_MASTER_KEY_FILE",
        "",
        "File with the master key; empty: systemd's credential master_key, or else master.key in"
        " the data folder, made at the first start.",
    ),
)
